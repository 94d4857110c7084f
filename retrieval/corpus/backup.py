"""Everything that is kept in one file, made and brought back while it is in use.

The file is a ZIP archive without compression: both databases as SQLite copies them, the uploads,
and a list of checksums.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from retrieval.corpus.lock import held_by_one
from retrieval.database import SQLiteDatabase, collection_names
from retrieval.durable import flush, write_durably
from retrieval.errors import StorageError

_LIST: Final = "footnote-backup.json"
_FORMAT: Final = 1
_COLLECTIONS: Final = "collections"
_ORIGINALS: Final = "originals"
_ORIGINAL: Final = re.compile(rf"{_COLLECTIONS}/[a-z0-9-]+/{_ORIGINALS}/[0-9a-f]{{64}}")
_CHUNK: Final = 1024 * 1024


def back_up(database: SQLiteDatabase, file: Path) -> None:
    """Write all that is kept into ``file``, in the place of what it was.

    Raises:
        StorageError: Something cannot be read or written; the file is as it was.
    """
    unfinished = file.with_name(f".{file.name}-{os.getpid()}")
    with _as_storage_errors(file, "written"):
        try:
            with (
                tempfile.TemporaryDirectory(prefix="footnote-") as aside,
                zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
            ):
                copies = database.copy_to(Path(aside))
                listed = {path.name: _put(archive, path, path.name) for path in copies}
                for path in _originals(database.folder):
                    name = path.relative_to(database.folder).as_posix()
                    with suppress(FileNotFoundError):  # Nobody needs it any more.
                        listed[name] = _put(archive, path, name)
                content = {"format": _FORMAT, "files": listed}
                archive.writestr(_LIST, json.dumps(content, sort_keys=True, indent=1))
            flush(unfinished)
            unfinished.replace(file)
            flush(file.parent)
        finally:
            unfinished.unlink(missing_ok=True)


def bring_back(database: SQLiteDatabase, file: Path) -> list[str]:
    """Put what ``file`` holds in the place of everything; the names of its collections.

    Every collection is held meanwhile, so that no change is half old and half new.

    Raises:
        StorageError: It is no whole backup, another process is changing something, or it cannot
            be kept; nothing was changed.
    """
    with (
        _as_storage_errors(file, "read"),
        tempfile.TemporaryDirectory(prefix="footnote-") as aside,
        zipfile.ZipFile(file) as archive,
        ExitStack() as held,
    ):
        folder = Path(aside)
        _unpack(archive, folder)
        for name in collection_names(database):
            held.enter_context(held_by_one(database.folder / _COLLECTIONS / name))
        # Uploads are known by their checksums: more of them than are needed do no harm.
        for path in _originals(folder):
            kept = database.folder / path.relative_to(folder)
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_durably(kept, path.read_bytes())
        database.replace_with(folder)
    return collection_names(database)


def _put(archive: zipfile.ZipFile, path: Path, name: str) -> str:
    """Add a file to the archive; its checksum."""
    digest = hashlib.sha256()
    with (
        path.open("rb") as reading,
        archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as writing,
    ):
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest()


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack what the archive lists into ``folder``, checked."""
    source = Path(archive.filename or "")
    try:
        content = json.loads(archive.read(_LIST))
        listed = dict(content["files"])
        if content["format"] != _FORMAT:
            raise _not_whole(source, "another version of Footnote made it")
    except (KeyError, ValueError, TypeError) as error:
        raise _not_whole(source, "it has no list of its files") from error
    for name, checksum in listed.items():
        if not _is_ours(name):
            raise _not_whole(source, f"{name!a} does not belong there")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        try:
            with archive.open(name) as reading, target.open("wb") as writing:
                while chunk := reading.read(_CHUNK):
                    digest.update(chunk)
                    writing.write(chunk)
        except KeyError as error:
            raise _not_whole(source, f"{name} is missing") from error
        if digest.hexdigest() != checksum:
            raise _not_whole(source, f"{name} was changed")


def _is_ours(name: str) -> bool:
    return name in {"footnote.db", "vectors.db"} or _ORIGINAL.fullmatch(name) is not None


def _originals(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.glob(f"{_COLLECTIONS}/*/{_ORIGINALS}/*")
        if not path.name.startswith(".")
    )


@contextmanager
def _as_storage_errors(file: Path, verb: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError) as error:
        # What ``zipfile`` raises for what is no archive, or not one of its kind.
        raise _not_whole(file, f"{error}") from error
    except OSError as error:
        raise StorageError(
            f"The backup {file} cannot be {verb}.",
            why=f"The system says: {error.strerror or error}.",
            remedy="Check its name, its permissions and the space on the disk.",
        ) from error


def _not_whole(file: Path, why: str) -> StorageError:
    return StorageError(
        f"{file} is not a whole backup of Footnote.",
        why=f"{why[:1].upper()}{why[1:]}.",
        remedy="Use another backup. Nothing was changed.",
    )
