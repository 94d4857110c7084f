"""Short marks for articles and addresses, so that a button can name several of them.

A custom id holds 100 characters, and an article's id or an address may be longer than that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

LENGTH: Final = 7
MOST: Final = 11
"""How many marks a button can hold: a message's words and ten attachments."""
PATTERN: Final = rf"(?:[\w-]{{{LENGTH}}}){{1,{MOST}}}"


def mark_of(server: int | None, name: str) -> str:
    """What stands for an id or address in a collection: 42 bits of a checksum."""
    digest = hashlib.sha256(f"{server}\n{name}".encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest)[:LENGTH].decode()


def marks_of(server: int | None, names: Iterable[str]) -> str:
    """The marks of several, one after the other."""
    return "".join(mark_of(server, name) for name in names)


def named_by(marks: str, server: int | None, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that ``marks`` stand for."""
    wanted: Sequence[str] = [
        marks[start : start + LENGTH] for start in range(0, len(marks), LENGTH)
    ]
    return [name for name in dict.fromkeys(names) if mark_of(server, name) in wanted]
