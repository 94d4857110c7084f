"""Uploaded files as they were, kept by their checksum: for exports, and for better readers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from retrieval.durable import write_durably
from retrieval.errors import StorageError
from retrieval.phrases import phrase


def fingerprint_of(content: bytes) -> str:
    """What tells one content from another: SHA-256, as hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class Originals(Protocol):
    """The uploads of one collection. Safe to share by threads."""

    def keep(self, content: bytes) -> str:
        """Keep a file and return its fingerprint.

        Raises:
            StorageError: It cannot be kept.
        """
        ...

    def get(self, fingerprint: str) -> bytes | None:
        """The file; ``None`` where it is missing or is not as it was kept.

        Raises:
            StorageError: It cannot be told.
        """
        ...

    def discard_all_but(self, fingerprints: Collection[str]) -> None:
        """Delete the files that no source has any more; best effort."""
        ...


class OriginalFiles:
    """The uploads of one collection, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> str:
        """Keep a file and return its fingerprint.

        Raises:
            StorageError: It cannot be written.
        """
        name = fingerprint_of(content)
        if self.get(name) is None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                write_durably(self._folder / name, content)
            except OSError as error:
                raise StorageError(
                    phrase("The change cannot be kept in {folder}.", folder=self._folder),
                    why=phrase("The system says: {reason}.", reason=error.strerror or error),
                    remedy=phrase("Check the space and the permissions of FOOTNOTE_DATA_DIR."),
                ) from error
        return name

    def get(self, fingerprint: str) -> bytes | None:
        """The file; ``None`` where it is missing or was changed by the disk."""
        try:
            content = (self._folder / fingerprint).read_bytes()
        except OSError:
            return None
        return content if fingerprint_of(content) == fingerprint else None

    def discard_all_but(self, fingerprints: Collection[str]) -> None:
        """Delete the files that no source has any more; best effort."""
        with suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in fingerprints:
                    path.unlink(missing_ok=True)
