"""Everything in one folder: SQLite, and the files of indexes and uploads."""

from __future__ import annotations

import logging
import shutil
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from retrieval.corpus import backup
from retrieval.corpus.file_segments import FileSegments
from retrieval.corpus.lock import held_by_one
from retrieval.corpus.originals import OriginalFiles
from retrieval.corpus.storage import size_of
from retrieval.database import FolderError, SQLiteDatabase
from retrieval.phrases import joined, phrase

log = logging.getLogger(__name__)

COLLECTIONS: Final = "collections"
"""The folder in which each collection has its own."""


class EmbeddedBackend:
    """What is kept in ``folder``, for the processes of one machine.

    Where the folder cannot be written, ``open`` takes another one, which is deleted when the
    backend is closed.
    """

    def __init__(self, folder: Path) -> None:
        self._database = SQLiteDatabase(folder)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @property
    def database(self) -> SQLiteDatabase:
        return self._database

    def open(self) -> tuple[str, ...]:
        try:
            self._database.open()
        except FolderError as error:
            log.warning("Nothing can be kept: %s", error)
            notice = joined(
                (phrase("What is read now is not kept for the next start."), str(error))
            )
            self._temporary = tempfile.TemporaryDirectory(prefix="footnote-")
            self._database = SQLiteDatabase(Path(self._temporary.name))
            return (notice,)
        return ()

    def close(self) -> None:
        self._database.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def segments(self, collection: str) -> FileSegments:
        return FileSegments(self._folder(collection) / "indexes")

    def originals(self, collection: str) -> OriginalFiles:
        return OriginalFiles(self._folder(collection) / "originals")

    def held_by_one(self, collection: str) -> AbstractContextManager[None]:
        return held_by_one(self._folder(collection))

    def forget(self, collection: str) -> None:
        shutil.rmtree(self._folder(collection), ignore_errors=True)

    def bytes_used(self, collection: str) -> int:
        return size_of(self._folder(collection)) + self._database.bytes_on_disk()

    def back_up(self, file: Path) -> None:
        backup.back_up(self._database, file)

    def bring_back(self, file: Path) -> list[str]:
        return backup.bring_back(self._database, file)

    def _folder(self, collection: str) -> Path:
        return self._database.folder / COLLECTIONS / collection
