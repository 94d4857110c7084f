"""A second copy of the database, by which a damaged one is recognised and restored.

SQLite survives a crash; it does not notice a byte that the disk has changed. So after each change
the file is copied under a name that has its revision and its checksum, ``<revision>-<sha256>.db``.
At the next start a file with the same checksum is whole. One that differs is taken only where its
revision is higher than the copy's, as after a crash between the change and the copy; otherwise the
copy takes its place.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retrieval.durable import flush
from retrieval.phrases import phrase

log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"(\d+)-([0-9a-f]{64})\.db")
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Copy:
    path: Path
    revision: int
    checksum: str


class Mirror:
    """The copies of the database ``path``, kept in ``folder``.

    Nothing here may be called while the database is being written.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder

    def is_current(self) -> bool:
        """Whether the newest copy is one of the database as it is."""
        copies = self._copies()
        return (
            bool(copies)
            and not self._has_journal()
            and _checksum(self._path) == copies[0].checksum == _checksum(copies[0].path)
        )

    def take(self, revision: int) -> None:
        """Copy the database, which must be all in its one file; older copies are deleted.

        Raises:
            OSError: The copy cannot be written; the one before it is still there.
        """
        self._folder.mkdir(exist_ok=True)
        temporary = self._folder / f".{uuid.uuid4().hex[:8]}"
        try:
            checksum = _copy(self._path, temporary)
            kept = self._folder / f"{revision}-{checksum}.db"
            temporary.replace(kept)
            flush(self._folder)
        finally:
            temporary.unlink(missing_ok=True)
        for path in self._folder.iterdir():
            if path != kept:
                with suppress(OSError):
                    path.unlink()

    def mend(self, revision_of: Callable[[Path], int | None]) -> tuple[str, ...]:
        """Put a copy in the place of a damaged or missing database.

        Args:
            revision_of: The revision of a database; ``None`` where it is not whole.

        Returns:
            What was done, as sentences; empty where the database is whole.
        """
        copies = self._copies()
        found = self._path.exists()
        if not found and not copies:
            return ()
        same = bool(copies) and _checksum(self._path) == copies[0].checksum
        if same and not self._has_journal():
            return ()
        revision = revision_of(self._path) if found else None
        if revision is not None:
            newest = copies[0].revision if copies else -1
            if revision > newest or (same and revision == newest):
                return ()
        for copy in copies:
            if _checksum(copy.path) == copy.checksum:
                self._restore(copy)
                log.warning("The database was damaged; revision %d is restored", copy.revision)
                return (phrase("The database was damaged; it is restored from its copy."),)
        if revision is not None:
            # No copy is whole, and the database can be read: better that than nothing.
            return ()
        aside = self._path.with_name(f"{self._path.name}.damaged-{uuid.uuid4().hex[:8]}")
        with suppress(FileNotFoundError):
            self._path.replace(aside)
        self._delete_journal()
        return (
            phrase(
                "The database was damaged and there is no whole copy of it, so it begins anew. "
                "The damaged file is kept as {name}.",
                name=aside.name,
            ),
        )

    def _restore(self, copy: _Copy) -> None:
        temporary = self._path.with_name(f".{self._path.name}-{uuid.uuid4().hex[:8]}")
        try:
            _copy(copy.path, temporary)
            # A journal of the damaged file must not be read into the whole one.
            self._delete_journal()
            temporary.replace(self._path)
            flush(self._path.parent)
        finally:
            temporary.unlink(missing_ok=True)

    def _has_journal(self) -> bool:
        with suppress(FileNotFoundError):
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size > 0
        return False

    def _delete_journal(self) -> None:
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _copies(self) -> list[_Copy]:
        """The copies, newest first."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:
            return []
        found = [
            _Copy(self._folder / name, int(match[1]), match[2])
            for name in names
            if (match := _NAME.fullmatch(name))
        ]
        return sorted(found, key=lambda copy: -copy.revision)


def _copy(source: Path, target: Path) -> str:
    """Copy a file to the disk itself; returns its checksum."""
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def _checksum(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
