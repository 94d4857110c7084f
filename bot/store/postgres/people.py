"""What people did, in PostgreSQL: rows of one server at a time, and of all where that is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Connection, update

from bot.store.database import EVERYWHERE, Scope
from bot.store.postgres.outage import Outage
from bot.store.schema import ASKED
from retrieval.postgres.errors import UnreachableError
from retrieval.postgres.servers import Servers

SCOPE: Final = "footnote.server"
"""The setting that names the server whose rows a transaction sees."""
_NO_COLLECTION: Final = ""
"""People's transactions see nothing of any collection."""
_AGAIN_S: Final = 2.0
"""Seconds for which what the server broke off is tried again."""

T = TypeVar("T")


class PostgresPeople:
    """The tables on the servers, made at the first use. See ``PeopleDatabase``.

    Replicas are not asked: what somebody has just done is seen at once.

    Args:
        keep_text: Where not, the questions that were kept before are deleted when it is opened.
    """

    def __init__(self, servers: Servers, *, keep_text: bool) -> None:
        self._servers = servers
        self._keep_text = keep_text
        self._opening = threading.Lock()
        self._is_open = False
        self._outage = Outage()

    def open(self) -> None:
        """Make or migrate the tables.

        Raises:
            StorageError: They cannot be made, or a newer version of Footnote made them.
        """
        with self._outage.watch():
            self._open()

    def close(self) -> None:
        """Nothing is held: the connections are the servers'."""

    def read(self, scope: Scope, work: Callable[[Connection], T]) -> T:
        with self._outage.watch():
            self._open()
            return self._servers.ask(work, _NO_COLLECTION, settings={SCOPE: str(scope)})

    def write(self, scope: Scope, work: Callable[[Connection], T]) -> T:
        with self._outage.watch():
            self._open()
            return self._write(scope, work)

    def wipe(self) -> None:
        """The server writes over what was deleted when it gets to it (autovacuum)."""

    def delete_aside(self, before: datetime | None = None) -> None:
        """Nothing is put aside: the server mends its files itself."""

    def _open(self) -> None:
        if self._is_open:
            return
        with self._opening:
            if not self._is_open:
                from bot.store.postgres.migration import migrate_people

                migrate_people(self._servers)
                if not self._keep_text:
                    self._write(EVERYWHERE, _forget_texts)
                self._is_open = True

    def _write(self, scope: Scope, work: Callable[[Connection], T]) -> T:
        settings = {SCOPE: str(scope)}
        deadline = time.monotonic() + _AGAIN_S
        while True:
            try:
                with self._servers.write(_NO_COLLECTION, settings=settings) as connection:
                    return work(connection)
            except UnreachableError:
                # Nothing was changed. What was waited for in vain is not waited for again.
                if time.monotonic() >= deadline:
                    raise


def _forget_texts(connection: Connection) -> None:
    connection.execute(update(ASKED).where(ASKED.c.question.is_not(None)).values(question=None))
    connection.exec_driver_sql("DELETE FROM conversations")
