"""What a deployment keeps everything in: files and SQLite, or PostgreSQL."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from retrieval.corpus.originals import Originals
from retrieval.corpus.segments import SegmentStore
from retrieval.database import Database


class Backend(Protocol):
    """The database, the indexes and the uploads of all collections. Safe to share by threads."""

    @property
    def database(self) -> Database:
        """What collections hold. Always the same one once the backend is open."""
        ...

    def open(self) -> tuple[str, ...]:
        """Open everything now rather than at the first use; returns what to tell of it.

        Raises:
            StorageError: It cannot be opened.
        """
        ...

    def close(self) -> None:
        """Close it; what is used afterwards is opened again."""
        ...

    def segments(self, collection: str) -> SegmentStore:
        """Where the index of a collection is kept."""
        ...

    def originals(self, collection: str) -> Originals:
        """Where the uploads of a collection are kept."""
        ...

    def held_by_one(self, collection: str) -> AbstractContextManager[None]:
        """Hold a collection for a change, against every other process. A holder that dies lets go.

        Raises:
            StorageError: Another process holds it, or it cannot be told.
        """
        ...

    def forget(self, collection: str) -> None:
        """Delete at once what is kept for a collection beside its rows in ``schema``'s tables.

        Best effort.
        """
        ...

    def bytes_used(self, collection: str) -> int:
        """How many bytes a collection takes, with what it shares with the others.

        Raises:
            StorageError: It cannot be told.
        """
        ...

    def back_up(self, file: Path) -> None:
        """Write everything that is kept, as it stands at one moment, into one file.

        Raises:
            StorageError: It cannot be read or written, or this backend has other means for it.
        """
        ...

    def bring_back(self, file: Path) -> list[str]:
        """Put a backup in the place of everything; returns the collections in it.

        Raises:
            StorageError: It is no whole backup, or cannot be kept; nothing was changed.
        """
        ...
