"""Everything on PostgreSQL servers, for any number of processes and machines."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from retrieval.corpus.postgres_originals import PostgresOriginals
from retrieval.corpus.postgres_segments import PostgresSegments
from retrieval.database import CollectionStore
from retrieval.errors import HeldError, StorageError
from retrieval.phrases import phrase
from retrieval.postgres.advisory import AdvisoryLock
from retrieval.postgres.database import PostgresDatabase
from retrieval.postgres.servers import Servers

log = logging.getLogger(__name__)


class PostgresBackend:
    """What is kept on ``servers``.

    Args:
        folder: Where models and other files are on this machine.
    """

    def __init__(self, servers: Servers, folder: Path) -> None:
        self._servers = servers
        self._held: dict[str, AdvisoryLock] = {}
        self._database = _HeldDatabase(servers, folder, self._held)

    @property
    def database(self) -> PostgresDatabase:
        return self._database

    def open(self) -> tuple[str, ...]:
        self._database.open()
        return ()

    def close(self) -> None:
        self._database.close()

    def segments(self, collection: str) -> PostgresSegments:
        return PostgresSegments(self._servers, collection)

    def originals(self, collection: str) -> PostgresOriginals:
        return PostgresOriginals(self._servers, collection)

    @contextmanager
    def held_by_one(self, collection: str) -> Iterator[None]:
        lock = self._servers.advisory(f"collection {collection}")
        with lock as was_had:
            if not was_had:
                raise HeldError(
                    phrase("Another process is changing these articles."),
                    remedy=phrase("Wait until it has finished, then try again."),
                )
            self._held[collection] = lock
            try:
                yield
            finally:
                del self._held[collection]

    def forget(self, collection: str) -> None:
        try:
            with self.held_by_one(collection):
                if CollectionStore(self._database, collection).load().entries:
                    return  # Another process has begun it anew meanwhile: this is all its.
                self.segments(collection).forget()
                self.originals(collection).discard_all_but(())
        except StorageError as error:
            log.warning("What is kept for a collection was not deleted: %s", error)

    def bytes_used(self, collection: str) -> int:
        with self._database.read(collection) as connection:
            size = connection.execute(text("SELECT pg_database_size(current_database())"))
            return int(size.scalar_one())

    def back_up(self, file: Path) -> None:
        raise _not_here()

    def bring_back(self, file: Path) -> list[str]:
        raise _not_here()


class _HeldDatabase(PostgresDatabase):
    """A database in which a collection is changed only as long as it is held."""

    def __init__(self, servers: Servers, folder: Path, held: dict[str, AdvisoryLock]) -> None:
        super().__init__(servers, folder)
        self._held = held

    @contextmanager
    def write(self, collection: str | None = None, /) -> Iterator[Connection]:
        lock = self._held.get(collection) if collection is not None else None
        # A server that was restarted or replaced has let go of it, and another process may have it.
        if lock is not None and not lock.holds():
            raise StorageError(
                phrase("The database server broke off."),
                remedy=phrase("Nothing was changed. Try again in a moment."),
            )
        with super().write(collection) as connection:
            yield connection


def _not_here() -> StorageError:
    return StorageError(
        phrase("Articles in PostgreSQL are not backed up by Footnote."),
        why=phrase("The server has means of its own, which keep all of it as of one moment."),
        remedy=phrase("Use pg_dump, or footnote corpus migrate to copy them into a folder."),
    )
