"""What the collections and the encodings need of a database, whichever it is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from retrieval.errors import StorageError


class FolderError(StorageError):
    """The folder of the database cannot be written at all."""


class DamageError(StorageError):
    """What a database holds is not as it was written."""


class Database(Protocol):
    """A database with the tables of ``schema``. Safe to share by threads.

    A collection is named wherever only its own rows are read or changed: a database that is shared
    by many processes gives none of another's then, whatever is asked. ``None`` stands for what goes
    across collections.
    """

    @property
    def folder(self) -> Path:
        """Where files are kept on this machine."""
        ...

    def open(self) -> None:
        """Open the database now rather than at the first use.

        Raises:
            FolderError: Nothing can be kept in ``folder``.
            StorageError: It cannot be opened.
        """
        ...

    def close(self) -> None:
        """Close every connection; the next use opens them again."""
        ...

    def take_notices(self) -> tuple[str, ...]:
        """What was mended since this was asked last, as sentences for the operator."""
        ...

    def read(self, collection: str | None = None, /) -> AbstractContextManager[Connection]:
        """A connection that sees the database as it is now, whatever is written meanwhile.

        Raises:
            StorageError: The database cannot be read.
        """
        ...

    def write(self, collection: str | None = None, /) -> AbstractContextManager[Connection]:
        """A transaction: all that is done with the connection is kept, or nothing of it.

        Raises:
            StorageError: The database cannot be written; nothing was changed.
        """
        ...

    def read_vectors(self) -> AbstractContextManager[Connection]:
        """A connection to the encodings, which belong to no collection.

        Raises:
            DamageError: They are not as they were written.
            StorageError: They cannot be read.
        """
        ...

    def write_vectors(self) -> AbstractContextManager[Connection]:
        """A transaction on the encodings.

        Raises:
            DamageError: They are not as they were written.
            StorageError: They cannot be written.
        """
        ...

    def forget_vectors(self) -> None:
        """Begin the encodings anew, where they turned out to be damaged.

        Raises:
            StorageError: They cannot be written.
        """
        ...
