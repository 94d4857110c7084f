"""Whether a change was kept whose connection broke while it was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar

import psycopg


class Outcome(Enum):
    """What became of a transaction."""

    KEPT = auto()
    UNDONE = auto()
    IN_PROGRESS = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction as the server knows it.

    Attributes:
        number: The 64-bit one, which is not used again.
        timeline: Of the server's history. A replica that is promoted begins another, and then
            gives the same numbers to other transactions.
    """

    number: str
    timeline: str

    SQL: ClassVar[str] = (
        "SELECT pg_current_xact_id()::text,"
        " substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)"
    )
    """Selects both of the transaction that it runs in."""

    def outcome(self, connection: psycopg.Connection[Any]) -> Outcome:
        """What became of it.

        Raises:
            psycopg.Error: The server cannot be asked.
        """
        try:
            row = connection.execute(
                "SELECT pg_xact_status(%s::xid8),"
                " substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)",
                [self.number],
            ).fetchone()
        except psycopg.errors.InvalidParameterValue:
            # It never came so far: a replica took over that had not heard of it.
            return Outcome.UNDONE
        status, timeline = row or (None, None)
        if status == "aborted":
            return Outcome.UNDONE
        if status == "in progress":
            return Outcome.IN_PROGRESS
        if status == "committed" and timeline == self.timeline:
            return Outcome.KEPT
        return Outcome.UNKNOWN
