"""Generations on disk: written whole or not at all, and checked when they are read.

A collection's folder holds one folder a generation and the file ``CURRENT``, which names the one
that is served. A generation is written under a temporary name, every file and then the folder
flushed to the disk, and renamed; only then is ``CURRENT`` replaced, in the same way. A failure at
any point leaves the generation before it in place.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from retrieval.durable import flush, write_durably
from retrieval.errors import StorageError

_CURRENT: Final = "CURRENT"
_MANIFEST: Final = "manifest.json"
_UNFINISHED: Final = ".unfinished-"
_GENERATION: Final = re.compile(r"[0-9a-f]{16}")
_TEMPORARY: Final = re.compile(r"\..+-[0-9a-f]{8}")


class DamagedError(Exception):
    """A stored generation is incomplete or was changed; the message says where."""


class Storage:
    """The folder of one collection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> tuple[Path, dict[str, Any]] | None:
        """The folder and the manifest of the generation in use; ``None`` where there is none.

        Raises:
            DamagedError: It is named, but a file is missing or differs from its checksum.
        """
        while True:
            name = self._current_name()
            if name is None:
                return None
            try:
                return self._checked(name)
            except DamagedError:
                # Another process may have put the next one in its place and deleted this one.
                if self._current_name() == name:
                    raise

    def _current_name(self) -> str | None:
        try:
            name = (self.folder / _CURRENT).read_text("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise DamagedError(f"{_CURRENT} cannot be read: {error}") from error
        if not _GENERATION.fullmatch(name):
            raise DamagedError(f"{_CURRENT} does not name a generation")
        return name

    def _checked(self, name: str) -> tuple[Path, dict[str, Any]]:
        folder = self.folder / name
        try:
            text = (folder / _MANIFEST).read_bytes()
            manifest = json.loads(text)
            checksums = dict(manifest["files"])
            del manifest["seal"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedError(f"the manifest of {name} cannot be read") from error
        if _sealed(manifest) != text:
            raise DamagedError(f"the manifest of {name} was changed")
        for file, expected in checksums.items():
            try:
                found = _digest(folder / file)
            except OSError as error:
                raise DamagedError(f"{file} of {name} is missing") from error
            if found != expected:
                raise DamagedError(f"{file} of {name} was changed")
        return folder, manifest

    def write(self, write_files: Callable[[Path], dict[str, Any]]) -> Path:
        """Make a new generation the current one and return its folder.

        Args:
            write_files: Writes the generation's files into the folder it is given and returns
                what the manifest should say of them.

        Raises:
            StorageError: The disk is full or may not be written; what was current still is.
        """
        name = uuid.uuid4().hex[:16]
        unfinished, finished = self.folder / f"{_UNFINISHED}{name}", self.folder / name
        try:
            unfinished.mkdir(parents=True)
            manifest = write_files(unfinished)
            files = sorted(path for path in unfinished.rglob("*") if path.is_file())
            manifest["files"] = {
                path.relative_to(unfinished).as_posix(): _digest(path) for path in files
            }
            (unfinished / _MANIFEST).write_bytes(_sealed(manifest))
            for path in [*files, unfinished / _MANIFEST]:
                flush(path)
            for path in [unfinished, *(p for p in unfinished.rglob("*") if p.is_dir())]:
                flush(path)
            unfinished.rename(finished)
            flush(self.folder)
            write_durably(self.folder / _CURRENT, name.encode())
        except (OSError, RuntimeError) as error:  # FAISS says that a disk is full by the latter.
            raise _storage_error(self.folder, error) from error
        else:
            self._discard_all_but(name)
            return finished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
            if not self._names(name):
                shutil.rmtree(finished, ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the collection for writing, against every other process.

        Raises:
            StorageError: Another process holds it, or the folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / ".lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise StorageError(
                "Another process is reloading these articles.",
                remedy="Wait until it has finished, then try again.",
            ) from error
        except (OSError, NotImplementedError) as error:
            raise _storage_error(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    def bytes_on_disk(self) -> int:
        """The size of everything that is kept for the collection."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(OSError):  # A reload may delete it meanwhile.
                    total += Path(folder, name).lstat().st_size
        return total

    def _names(self, name: str) -> bool:
        with suppress(DamagedError):
            return self._current_name() == name
        return False

    def _discard_all_but(self, name: str) -> None:
        # Best effort: what cannot be deleted now is deleted after the next reload.
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.is_dir():
                    if path.name.startswith(_UNFINISHED) or (
                        path.name != name and _GENERATION.fullmatch(path.name)
                    ):
                        shutil.rmtree(path, ignore_errors=True)
                elif _TEMPORARY.fullmatch(path.name):
                    path.unlink(missing_ok=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sealed(manifest: dict[str, Any]) -> bytes:
    """The manifest as it is stored: with its own checksum, and in one form only."""
    seal = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return json.dumps({**manifest, "seal": seal}, sort_keys=True, indent=1).encode()


def _storage_error(folder: Path, error: Exception) -> StorageError:
    return StorageError(
        f"The data folder {folder} cannot be written.",
        why=f"The system says: {getattr(error, 'strerror', None) or error}.",
        remedy="Free some space or check its permissions, or set FOOTNOTE_DATA_DIR.",
    )
