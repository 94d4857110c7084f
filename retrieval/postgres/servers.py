"""The database servers: one that is changed, and any number of replicas that answer questions.

Every transaction says whose rows it sees, and the servers hold it to that (row-level security).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any, Final, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from retrieval.errors import StorageError
from retrieval.phrases import phrase
from retrieval.postgres.addresses import Address
from retrieval.postgres.advisory import KEEPALIVES, AdvisoryLock
from retrieval.postgres.errors import (
    ERRORS,
    UnreachableError,
    is_absence,
    is_lost,
    is_refusal,
    told,
    unknown_outcome,
    unreachable,
)
from retrieval.postgres.listening import listen
from retrieval.postgres.outcome import FORGET, Outcome, Token
from retrieval.postgres.pools import Pool, driver_of, has_failed
from retrieval.postgres.text import escaped

__all__ = ["COLLECTION", "EVERY", "Servers", "driver_of"]

log = logging.getLogger(__name__)

T = TypeVar("T")

COLLECTION: Final = "footnote.collection"
"""The setting that names the collection whose rows a transaction sees."""
EVERY: Final = "*"
"""Its value where the rows of several are listed."""
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0
_MISSED_S: Final = 5.0
"""Seconds after somebody waited for the server in vain, in which nobody else does."""
_LONGEST_ANSWER: Final = "30s"
"""For so long at most a question waits for what the server does: for a lock that somebody has on a
table, or for a plan that turns out to be a bad one."""
_PATIENCE_S: Final = 35.0
"""Seconds for which a question waits where the server does not even say that it takes too long."""
_FORGETS_EVERY: Final = 256
"""Changes after which the tokens of old ones are deleted."""
_READS: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITES: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"


class _FollowerError(Exception):
    """The server follows another: what is read there may be old, and nothing can be changed."""


class Servers:
    """One server that is changed, and its replicas. Safe to share by threads.

    Nothing is connected before it is used, and a connection that was lost is made anew.

    Args:
        url: Of the server that is changed, ``FOOTNOTE_DATABASE_URL``; of several hosts the one
            that can be.
        replicas: URLs of servers that follow it, ``FOOTNOTE_REPLICA_URLS``.
        wait: Seconds for which a server is waited for that restarts or is replaced.

    Raises:
        SettingsError: A URL is none.
    """

    def __init__(self, url: str, replicas: Sequence[str] = (), *, wait: float = 10.0) -> None:
        self._wait = wait
        self._address = Address(url, "FOOTNOTE_DATABASE_URL", writes=True)
        self._primary = Pool(self._address, wait)
        self._replicas = [
            Pool(Address(each, "FOOTNOTE_REPLICA_URLS", writes=False), wait) for each in replicas
        ]
        self._missed_until = 0.0
        self._turns = count()
        self._writes = count()

    @contextmanager
    def read(
        self,
        collection: str | None,
        *,
        needs: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Iterator[Connection]:
        """A connection that sees the rows of a collection as they are at one moment.

        Args:
            collection: ``None`` for what may be listed across collections.
            needs: A segment of the collection. With it a replica may be read from, if it has the
                segment; without it none is, for it may be behind.
            settings: More settings of the transaction, by name.

        Raises:
            UnreachableError: No server could be reached in time, or it broke off.
            StorageError: The server could not do what was asked.
        """
        if needs is not None:
            settings = {"statement_timeout": _LONGEST_ANSWER, **(settings or {})}
        begin = f"{_READS}; {_setting(collection, settings)}"
        found = None
        if needs is not None and collection is not None:
            found = self._on_replica(begin, collection, needs)
        pool, connection = found or self._on_primary(begin, None if needs is None else _PATIENCE_S)
        try:
            yield connection
        except ERRORS as error:
            pool.notice(connection, error)
            # The rest of what the server says may quote what people wrote.
            raise told(error, writes=False) from None
        finally:
            pool.end(connection)

    def ask(
        self,
        work: Callable[[Connection], T],
        collection: str | None,
        *,
        needs: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> T:
        """What ``work`` makes of a connection as ``read`` gives it.

        Where a server breaks off in the middle, it is done again, there or on another.

        Raises:
            StorageError: As ``read``.
        """
        return self._again(lambda: self.read(collection, needs=needs, settings=settings), work)

    def change(
        self,
        work: Callable[[Connection], T],
        collection: str | None,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> T:
        """What ``work`` does in a transaction as ``write`` gives it.

        Where a server breaks off and nothing was changed, it is done again.

        Raises:
            StorageError: As ``write``.
        """
        return self._again(lambda: self.write(collection, settings=settings), work)

    @contextmanager
    def write(
        self,
        collection: str | None,
        *,
        settings: Mapping[str, str] | None = None,
        leaves_token: bool = True,
    ) -> Iterator[Connection]:
        """A transaction: all that is done with the connection is kept, or nothing of it.

        Where the connection breaks while it is being kept, the server is asked what became of it.

        Args:
            collection: Whose rows are changed; ``None`` for what belongs to none.
            settings: More settings of the transaction, by name.
            leaves_token: Whether the server can be asked; not before the first migration.

        Raises:
            UnknownOutcomeError: No server could be asked whether it was kept.
            StorageError: It was not kept.
        """
        token = Token()
        statements = [_WRITES, _setting(collection, {**KEEPALIVES, **(settings or {})})]
        if leaves_token:
            if next(self._writes) % _FORGETS_EVERY == 0:
                statements.append(FORGET)
            statements.append(token.leave())
        pool, begin = self._primary, "; ".join(statements)
        connection, row = self._reached(lambda: pool.begin(begin, changes=True))
        is_being_kept = False
        try:
            yield connection
            if has_failed(connection):
                raise _went_on()
            is_being_kept = True
            connection.commit()
        except ERRORS as error:
            pool.notice(connection, error)
            if not is_being_kept or not is_lost(error):
                raise told(error, writes=True) from None
            if not leaves_token:
                raise unknown_outcome() from None
            self._settle(lambda asked: token.outcome(row[0], asked), error)
        finally:
            pool.end(connection)

    def notify(self, connection: Connection, channel: str, payload: str) -> None:
        """Tell all who listen, once the transaction of ``connection`` is kept."""
        connection.exec_driver_sql("SELECT pg_notify(%s, %s)", (channel, escaped(payload)))

    def listen(
        self, channel: str, on_payload: Callable[[str | None], None], stop: threading.Event
    ) -> None:
        """Tell ``on_payload`` what is notified on a channel, until ``stop`` is set.

        It is told ``None`` whenever the server is listened to anew, at the beginning too: what was
        notified before that is not known.
        """
        listen(self._address, channel, on_payload, stop)

    def advisory(self, key: str, lease_s: float | None = None) -> AdvisoryLock:
        """A lock that one session of all has, until it lets go of it or is lost.

        As a context it says whether it was had.

        Args:
            lease_s: Seconds after which it is lost where nobody has asked whether it is held.
        """
        return AdvisoryLock(self._address, key, lease_s)

    def are_reached(self) -> bool:
        """Whether one of them answers now, so that articles can be read. Is not tried again."""
        for pool in (self._primary, *self._replicas):
            try:
                connection, _ = pool.begin(f"{_READS}; SELECT 1")
            except ERRORS:
                continue
            pool.end(connection)
            return True
        return False

    def close(self) -> None:
        """Close the connections; the next use makes new ones."""
        for pool in (self._primary, *self._replicas):
            pool.close()

    def _again(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        work: Callable[[Connection], T],
    ) -> T:
        deadline = time.monotonic() + self._wait
        while True:
            has_begun = False
            try:
                with transaction() as connection:
                    has_begun = True
                    return work(connection)
            except UnreachableError:
                # What could not be begun was waited for already.
                if not has_begun or time.monotonic() >= deadline:
                    raise
                time.sleep(_FIRST_PAUSE_S)

    def _on_primary(self, begin: str, patience: float | None) -> tuple[Pool, Connection]:
        pool = self._primary

        def begun() -> Connection:
            connection, row = pool.begin(f"{begin}; SELECT pg_is_in_recovery()", patience=patience)
            if row[0]:
                pool.give_up(connection)
                raise _FollowerError
            return connection

        return pool, self._reached(begun)

    def _on_replica(
        self, begin: str, collection: str, segment: str
    ) -> tuple[Pool, Connection] | None:
        """A transaction on a replica that has a segment; ``None`` where none has."""
        first = next(self._turns)
        for number in range(len(self._replicas)):
            pool = self._replicas[(first + number) % len(self._replicas)]
            if not pool.may_be_asked():
                continue
            is_known = pool.is_known_to_have(collection, segment)
            asked = "SELECT true" if is_known else _has_segment(collection, segment)
            try:
                connection, row = pool.begin(f"{begin}; {asked}", patience=_PATIENCE_S)
            except ERRORS as error:
                if pool.was_missed():
                    log.warning("A replica is left out for a while: %s", told(error, writes=False))
                continue
            pool.was_reached()
            if row[0]:
                pool.remember(collection, segment)
                return pool, connection
            pool.end(connection)
        return None

    def _reached(self, begun: Callable[[], T]) -> T:
        """What is begun, once the server can be reached.

        Where somebody waited in vain just now, it is tried once: questions that wait for each
        other would otherwise wait for the server one after the other.

        Raises:
            StorageError: It cannot in time, or waiting does not help.
        """
        deadline, pause = time.monotonic() + self._wait, 0.0
        while True:
            try:
                found = begun()
            except (_FollowerError, *ERRORS) as error:
                follows = isinstance(error, _FollowerError)
                if not follows and not is_absence(error):
                    raise told(error, writes=False) from None
                now = time.monotonic()
                is_over = now + pause > deadline or now < self._missed_until
                if is_over:
                    self._missed_until = now + _MISSED_S
                if is_over or is_refusal(error):
                    raise unreachable(None if follows else error) from None
            else:
                self._missed_until = 0.0
                return found
            # A connection that had been lost for long is made anew at once.
            time.sleep(pause)
            pause = min(max(2 * pause, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)

    def _settle(
        self, outcome_by: Callable[[psycopg.Connection[Any]], Outcome], error: BaseException
    ) -> None:
        """Find out what became of a transaction whose connection broke while it was being kept.

        Raises:
            UnknownOutcomeError: Nobody could be asked in time.
            StorageError: It was undone.
        """
        deadline, pause = time.monotonic() + self._wait, _FIRST_PAUSE_S
        outcome = Outcome.IN_PROGRESS
        while outcome is Outcome.IN_PROGRESS and time.monotonic() < deadline:
            try:
                with self._address.connect() as connection:
                    outcome = outcome_by(connection)
            except ERRORS as failure:
                if not is_absence(failure):
                    break
            if outcome is Outcome.IN_PROGRESS:
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
        if outcome is Outcome.UNDONE:
            raise told(error, writes=True) from None
        if outcome is Outcome.IN_PROGRESS:
            raise unknown_outcome() from None
        log.info("A change was kept although the connection broke meanwhile")


def _setting(collection: str | None, settings: Mapping[str, str] | None) -> str:
    """Says whose rows the transaction sees. Part of its beginning, to save a round trip."""
    if collection == EVERY:
        raise ValueError("no collection has that name")
    named = {COLLECTION: EVERY if collection is None else collection, **(settings or {})}
    calls = [
        sql.SQL("set_config({}, {}, true)").format(name, escaped(value))
        for name, value in named.items()
    ]
    return sql.SQL("SELECT {}").format(sql.SQL(", ").join(calls)).as_string()


def _has_segment(collection: str, segment: str) -> str:
    return (
        sql.SQL("SELECT EXISTS (SELECT FROM segments WHERE collection = {} AND segment = {})")
        .format(escaped(collection), escaped(segment))
        .as_string()
    )


def _went_on() -> StorageError:
    return StorageError(
        phrase("The database server could not do what was asked."),
        remedy=phrase("Nothing was changed. Try again."),
    )
