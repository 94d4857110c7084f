"""Where something is listened for: a host and a port."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_FORM: Final = re.compile(
    r"(?:(?:(?P<name>[\w.-]+)|\[(?P<number>[0-9a-fA-F:.]+)\]):)?(?P<port>\d{1,5})", re.ASCII
)
_LAST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port. Port 0 takes one that is free."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Address | None:
        """What ``9464``, ``host:9464`` or ``[::1]:9464`` means; ``None`` for nothing.

        Without a host it is this machine alone.
        """
        match = _FORM.fullmatch(text)
        if match is None or int(match["port"]) > _LAST_PORT:
            return None
        return cls(match["name"] or match["number"] or LOOPBACK, int(match["port"]))

    @property
    def url(self) -> str:
        """As the beginning of an address on the web."""
        return f"http://{self}"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
