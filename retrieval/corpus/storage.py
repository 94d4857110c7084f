"""Indexes on disk: written whole or not at all, and checked when they are read.

An index is made from the database and can be made again. It lies in a folder that has the name of
its generation, and is written under a temporary name, every file and then the folder flushed to
the disk, and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from retrieval.durable import flush
from retrieval.errors import DamagedError, StorageError
from retrieval.phrases import phrase

_MANIFEST: Final = "manifest.json"
_UNFINISHED: Final = ".unfinished-"
_LARGE: Final = 64 * 1024 * 1024
"""Bytes from which a file may be checked part by part, when it is read."""


class Storage:
    """The folder with the indexes of one collection, of which some are in use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(
        self, name: str, checked_later: Collection[str] = ()
    ) -> tuple[Path, dict[str, Any]] | None:
        """The folder and the manifest of an index; ``None`` where there is none.

        Args:
            checked_later: Files that whoever reads them checks. Those of them that are large are
                not read here; the manifest names them under ``unchecked``.

        Raises:
            DamagedError: A file is missing or differs from its checksum.
        """
        folder = self.folder / name
        if not folder.is_dir():
            return None
        try:
            text = (folder / _MANIFEST).read_bytes()
            manifest = json.loads(text)
            # Those of another version may have another form.
            checksums = {file: (size, sha) for file, (size, sha) in dict(manifest["files"]).items()}
            del manifest["seal"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedError(f"the manifest of {name} cannot be read") from error
        if _sealed(manifest) != text:
            raise DamagedError(f"the manifest of {name} was changed")
        unchecked = []
        for file, (size, expected) in checksums.items():
            try:
                if (folder / file).stat().st_size != size:
                    raise DamagedError(f"{file} of {name} was cut or has grown")
                if file in checked_later and size >= _LARGE:
                    unchecked.append(file)
                elif _digest(folder / file) != expected:
                    raise DamagedError(f"{file} of {name} was changed")
            except OSError as error:
                raise DamagedError(f"{file} of {name} is missing") from error
        return folder, {**manifest, "unchecked": unchecked}

    def write(self, name: str, write_files: Callable[[Path], dict[str, Any]]) -> Path:
        """Keep an index, in the place of one of the same name, and return its folder.

        Args:
            write_files: Writes the index's files into the folder it is given and returns what the
                manifest should say of them.

        Raises:
            StorageError: The disk is full or may not be written.
        """
        unfinished = self.folder / f"{_UNFINISHED}{uuid.uuid4().hex[:16]}"
        finished = self.folder / name
        try:
            unfinished.mkdir(parents=True)
            manifest = write_files(unfinished)
            files = sorted(path for path in unfinished.rglob("*") if path.is_file())
            manifest["files"] = {
                path.relative_to(unfinished).as_posix(): (path.stat().st_size, _digest(path))
                for path in files
            }
            (unfinished / _MANIFEST).write_bytes(_sealed(manifest))
            for path in [*files, unfinished / _MANIFEST]:
                flush(path)
            for path in [unfinished, *(p for p in unfinished.rglob("*") if p.is_dir())]:
                flush(path)
            if finished.exists():
                finished.rename(self.folder / f"{_UNFINISHED}{uuid.uuid4().hex[:16]}")
            unfinished.rename(finished)
            flush(self.folder)
        except (OSError, RuntimeError) as error:  # FAISS says that a disk is full by the latter.
            raise StorageError(
                phrase("The data folder {folder} cannot be written.", folder=self.folder),
                why=phrase(
                    "The system says: {error}.", error=getattr(error, "strerror", None) or error
                ),
                remedy=phrase(
                    "Free some space or check its permissions, or set FOOTNOTE_DATA_DIR."
                ),
            ) from error
        else:
            return finished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def has(self, name: str) -> bool:
        """Whether there is an index of this name."""
        return (self.folder / name).is_dir()

    def discard_all_but(self, names: Collection[str]) -> None:
        """Delete what is left of other generations.

        Best effort: what cannot be deleted now is deleted after the next change.
        """
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.name not in names and path.is_dir():
                    # Under its own name it would be taken for a damaged one, if this is cut short.
                    unfinished = self.folder / f"{_UNFINISHED}{uuid.uuid4().hex[:16]}"
                    shutil.rmtree(path.rename(unfinished), ignore_errors=True)


def size_of(folder: Path) -> int:
    """The size of all files in a folder and below it, in bytes."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # A reload may delete it meanwhile.
                total += Path(place, name).lstat().st_size
    return total


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sealed(manifest: dict[str, Any]) -> bytes:
    """The manifest as it is stored: with its own checksum, and in one form only."""
    seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return json.dumps({**manifest, "seal": seal}, sort_keys=True, indent=1).encode()
