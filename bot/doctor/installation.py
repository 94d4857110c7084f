"""What is examined, and by which clock and disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.settings import Settings


def free_bytes(folder: Path) -> int:
    """How much may still be written to the disk that a folder is on."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of Footnote.

    Attributes:
        settings: With those that cannot be used as if they were not set.
        corpus: A folder of articles in the place of the configured ones, as ``--corpus`` names it.
        clock: The time, with its zone.
        free: How many bytes may still be written to the disk that a folder is on.
    """

    settings: Settings
    corpus: Path | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    free: Callable[[Path], int] = free_bytes

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self.settings.data_dir
