"""What the store needs of a database, whichever it is, and whose rows a transaction may see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")

DIRECT: Final = 0
"""The key of what is asked in direct messages. No server has that id."""
EVERYWHERE: Final = "*"
"""For what goes across servers: all of a person, or all that is old."""

Scope = int | Literal["*"]
"""A server's id, ``DIRECT`` or ``EVERYWHERE``."""


def key_of(server: int | None) -> int:
    """The key by which the rows of a server are kept, or those of direct messages."""
    return DIRECT if server is None else server


class PeopleDatabase(Protocol):
    """A database with the tables of ``schema``. Shared by threads.

    Whose rows a transaction is about is told each time. A database that is shared by many processes
    gives none of another server's then, whatever is asked.
    """

    def open(self) -> None:
        """Open the database now rather than at the first use.

        Raises:
            StorageError: It cannot be opened.
        """
        ...

    def close(self) -> None:
        """Close every connection; the next use opens them again."""
        ...

    def read(self, scope: Scope, work: Callable[[Connection], T]) -> T:
        """What ``work`` finds in the database as it stands at one moment.

        Raises:
            StorageError: The database cannot be read.
        """
        ...

    def write(self, scope: Scope, work: Callable[[Connection], T]) -> T:
        """Do ``work`` in a transaction: all of it is kept, or nothing.

        Args:
            work: May be done a second time, where the first one came to nothing.

        Raises:
            StorageError: The database cannot be written; nothing was changed.
        """
        ...

    def wipe(self) -> None:
        """Leave as little as can be on the disk of what was deleted."""
        ...

    def delete_aside(self, before: datetime | None = None) -> None:
        """Delete damaged files that were put aside: all, or those from before a time.

        Raises:
            StorageError: They cannot be deleted.
        """
        ...
