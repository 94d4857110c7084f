"""Whether a change was kept whose connection broke while it was.

Every transaction that changes something leaves a token of its own, which is there afterwards if
and only if the rest is. The server's numbers for transactions (``pg_xact_status``) do not tell
alone: after a crash, or where a replica took over, they are given to others anew.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.errors import InvalidParameterValue

TABLE: Final = """
CREATE TABLE IF NOT EXISTS transactions (
    token uuid PRIMARY KEY,
    made timestamptz NOT NULL DEFAULT now()
)
"""
"""Makes what the tokens are in; they belong to nobody, and say nothing."""
FORGET: Final = """
DELETE FROM transactions WHERE token IN (
    SELECT token FROM transactions WHERE made < now() - interval '2 hours'
    LIMIT 2000 FOR UPDATE SKIP LOCKED
)
"""
"""Forgets those that nobody asks for any more: it is asked within seconds, and no transaction
lasts for hours. Who forgets does not wait for another who does."""


class Outcome(Enum):
    """What became of a transaction."""

    KEPT = auto()
    UNDONE = auto()
    IN_PROGRESS = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """What a transaction leaves."""

    key: uuid.UUID = field(default_factory=uuid.uuid4)

    def leave(self) -> str:
        """The statements that leave it. The last one selects the transaction's number."""
        insert = sql.SQL("INSERT INTO transactions (token) VALUES ({})").format(self.key)
        return f"{insert.as_string()}; SELECT pg_current_xact_id()::text"

    def outcome(self, number: str, connection: psycopg.Connection[Any]) -> Outcome:
        """What became of the transaction.

        Args:
            number: As the transaction selected it.

        Raises:
            psycopg.Error: The server cannot be asked.
        """
        # First whether it is over: what is seen after that will not change.
        is_over = not _is_in_progress(number, connection)
        found = connection.execute("SELECT FROM transactions WHERE token = %s", [self.key])
        if found.fetchone() is not None:
            return Outcome.KEPT
        return Outcome.UNDONE if is_over else Outcome.IN_PROGRESS


def _is_in_progress(number: str, connection: psycopg.Connection[Any]) -> bool:
    try:
        row = connection.execute("SELECT pg_xact_status(%s::xid8)", [number]).fetchone()
    except InvalidParameterValue:
        # The server has not come so far: it crashed, or follows one that has.
        return False
    return row == ("in progress",)
