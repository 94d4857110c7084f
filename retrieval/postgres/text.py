"""Texts that PostgreSQL cannot hold as they are: with NUL, or with half a surrogate pair.

They are rare, and kept all the same: a text is what its author wrote. Each such character, and the
escape character itself, becomes the escape character and four hexadecimal digits.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from sqlalchemy import Dialect, String, Text
from sqlalchemy.types import TypeDecorator

_ESCAPE: Final = "\uf8ff"
"""The last code point for private use of the basic plane."""
_ESCAPED: Final = re.compile(f"[\0\ud800-\udfff{_ESCAPE}]")
_ESCAPES: Final = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")
_LONGEST_KEY: Final = 256
"""Bytes of a key; an index of PostgreSQL holds at most 2,700."""


def escaped(text: str) -> str:
    """A text as PostgreSQL can hold it; equal ones only for equal texts."""
    if text.isascii() and "\0" not in text:
        return text
    return _ESCAPED.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", text)


def unescaped(text: str) -> str:
    """The text that ``escaped`` was given."""
    if _ESCAPE not in text:
        return text
    return _ESCAPES.sub(lambda found: chr(int(found[1], 16)), text)


def key_of(text: str) -> bytes:
    """What an index can hold of any text: its UTF-8, or the digest of that where it is long."""
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) <= _LONGEST_KEY:
        return b"=" + encoded
    return b"#" + hashlib.sha256(encoded).digest()


class _Any(TypeDecorator[str]):
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None or dialect.name != "postgresql" else escaped(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return value if value is None or dialect.name != "postgresql" else unescaped(value)


class AnyText(_Any):
    """A column for any text that Python can hold, in every database."""

    impl = Text
    cache_ok = True


class AnyString(_Any):
    """The same with a length, for the databases that ask for one."""

    impl = String
    cache_ok = True
