"""The database on servers that any number of processes share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete

from retrieval.database.schema import ENCODINGS
from retrieval.postgres.migration import migrate
from retrieval.postgres.requirements import ensure_fit
from retrieval.postgres.servers import Servers

CHANGED: Final = "footnote_changed"
"""The channel on which the name of a collection is notified that was changed."""


class PostgresDatabase:
    """What ``retrieval.database.Database`` asks for, opened at the first use.

    Args:
        folder: Where models and other files are on this machine.
    """

    def __init__(self, servers: Servers, folder: Path) -> None:
        self.servers = servers
        self.folder = folder
        self._opening = threading.Lock()
        self._is_open = False

    def open(self) -> None:
        """Make the tables, or bring them to the newest version.

        Raises:
            StorageError: A newer version made them, or the server cannot be used.
        """
        with self._opening:
            if not self._is_open:
                migrate(self.servers, prepare=ensure_fit)
                self._is_open = True

    def close(self) -> None:
        """Close every connection; the next use opens them again."""
        self.servers.close()

    def take_notices(self) -> tuple[str, ...]:
        """Nothing: what a server mends it does not tell."""
        return ()

    def read(self, collection: str | None = None, /) -> AbstractContextManager[Connection]:
        """The rows of a collection, or what is listed across them, as they are at one moment.

        Raises:
            StorageError: The server cannot be reached, or broke off.
        """
        self.open()
        return self.servers.read(collection)

    @contextmanager
    def write(self, collection: str | None = None, /) -> Iterator[Connection]:
        """A transaction on the rows of a collection, of which all processes hear.

        Raises:
            StorageError: It was not kept, or nobody can tell whether it was.
        """
        self.open()
        with self.servers.write(collection) as connection:
            yield connection
            if collection is not None:
                self.servers.notify(connection, CHANGED, collection)

    def read_vectors(self) -> AbstractContextManager[Connection]:
        """A connection to the encodings.

        Raises:
            StorageError: The server cannot be reached, or broke off.
        """
        self.open()
        return self.servers.read(None)

    def write_vectors(self) -> AbstractContextManager[Connection]:
        """A transaction on the encodings.

        Raises:
            StorageError: It was not kept, or nobody can tell whether it was.
        """
        self.open()
        return self.servers.write(None)

    def forget_vectors(self) -> None:
        """Begin the encodings anew.

        Raises:
            StorageError: They cannot be deleted.
        """
        with self.write_vectors() as connection:
            connection.execute(delete(ENCODINGS))
