"""The connections to one server."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from retrieval.postgres.addresses import Address
from retrieval.postgres.errors import ERRORS, is_lost
from retrieval.postgres.patience import be_patient

LEFT_OUT_S: Final = 5.0
"""Seconds for which a replica that could not be reached is not asked."""
BEGINS_WITHIN_S: Final = 5.0
"""Seconds that a server may take to begin a transaction that reads; one that takes longer hangs."""
_REMEMBERED: Final = 10_000
"""Segments that a replica is known to have, before it is asked of them anew."""


class Begun(NamedTuple):
    """A transaction: its connection, and the row that its last statement gave."""

    connection: Connection
    row: Sequence[Any]


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """The driver's connection, for ``COPY`` and what else SQLAlchemy does not know."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def has_failed(connection: Connection) -> bool:
    """Whether a statement has failed, after which nothing of the transaction can be kept."""
    return driver_of(connection).info.transaction_status == TransactionStatus.INERROR


class Pool:
    """The connections to one server, made when they are needed.

    Args:
        wait: Seconds for which one is waited for when all are in use.
    """

    def __init__(self, address: Address, wait: float) -> None:
        self._engine = address.engine(wait)
        self._lock = threading.Lock()
        self._segments: set[tuple[str, str]] = set()
        self._left_out_until = 0.0

    def begin(
        self, statements: str, *, changes: bool = False, patience: float | None = None
    ) -> Begun:
        """Begin a transaction with statements that need no parameters, in one round trip.

        Args:
            changes: Whether the statements change something, which may have to wait for others.
            patience: Seconds for which what is asked in it is waited for in all; as long as it
                takes where not given.

        Raises:
            ERRORS: It cannot be begun; the connections that there were are given up.
        """
        connection = self._engine.connect()
        try:
            # SQLAlchemy is told only: it leaves the statement itself to us.
            connection.begin()
            driver = driver_of(connection)
            be_patient(driver, None if changes else BEGINS_WITHIN_S)
            cursor = driver.cursor()
            # Several statements cannot be prepared, which the driver does with what it sees often.
            cursor.execute(statements, prepare=False)
            while cursor.nextset():
                pass
            be_patient(driver, patience)
            return Begun(connection, cursor.fetchone() or ())
        except BaseException as error:
            self.give_up(connection, error)
            raise

    def end(self, connection: Connection) -> None:
        """Take a connection back; what was not kept is undone."""
        with suppress(*ERRORS):
            if not connection.closed and not connection.invalidated:
                if driver_of(connection).closed:
                    connection.invalidate()
                connection.close()

    def notice(self, connection: Connection, error: BaseException) -> None:
        """Give up all connections where an error says that the server is gone."""
        if is_lost(error):
            self.give_up(connection, error)

    def give_up(self, connection: Connection, error: BaseException | None = None) -> None:
        """Use a connection no more, nor, where it was lost, the others that wait to be used."""
        with suppress(*ERRORS):
            connection.invalidate()
            connection.close()
        if error is not None and is_lost(error):
            self.close()

    def close(self) -> None:
        """Close the connections that are not in use; the next use makes new ones."""
        self._engine.dispose()
        with self._lock:
            self._segments.clear()

    def is_known_to_have(self, collection: str, segment: str) -> bool:
        """Whether the server was seen to have a segment since it was connected to."""
        with self._lock:
            return (collection, segment) in self._segments

    def remember(self, collection: str, segment: str) -> None:
        """Keep in mind that it has."""
        with self._lock:
            if len(self._segments) >= _REMEMBERED:
                self._segments.clear()
            self._segments.add((collection, segment))

    def may_be_asked(self) -> bool:
        """Whether the server was not found missing just now.

        Of those who ask after a while one is sent to look, so that not everybody waits for it.
        """
        with self._lock:
            now = time.monotonic()
            if now < self._left_out_until:
                return False
            if self._left_out_until:
                self._left_out_until = now + LEFT_OUT_S
            return True

    def was_reached(self) -> None:
        """It is there."""
        with self._lock:
            self._left_out_until = 0.0

    def was_missed(self) -> bool:
        """It is not there, and left out for a while; says whether that is news."""
        with self._lock:
            is_news = not self._left_out_until
            self._left_out_until = time.monotonic() + LEFT_OUT_S
            return is_news
