"""What a process tells the others through PostgreSQL, once it is kept.

Those that share SQLite have no such way.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, Self

from sqlalchemy import Connection, func, select

CHANNEL: Final = "footnote_changed"
"""On which it is told, with what changes in the collections."""
_PATTERN: Final = re.compile(r"(settings|person):(\d{1,20})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notice:
    """``settings`` of the server ``id`` are others; all of the ``person`` ``id`` is forgotten."""

    kind: Literal["settings", "person"]
    id: int

    @classmethod
    def of(cls, payload: str) -> Self | None:
        """The notice that a payload is; ``None`` where it is about something else."""
        match = _PATTERN.fullmatch(payload)
        if match is None:
            return None
        return cls("settings" if match[1] == "settings" else "person", int(match[2]))

    def tell(self, connection: Connection) -> None:
        """Tell every process, this one too, when the transaction is kept."""
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_notify(CHANNEL, f"{self.kind}:{self.id}")))
