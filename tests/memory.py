"""A folder in memory: what tests write is there as on a disk, and none waits for it."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

_FOLDER: Final = Path("/dev/shm")  # noqa: S108
_ROOM: Final = 2 << 30
"""Bytes that a run of the suite is sure not to fill."""


def in_memory() -> Path | None:
    """Where files are in memory; ``None`` where there is no such folder, or not room enough."""
    with suppress(OSError):
        if os.access(_FOLDER, os.W_OK) and shutil.disk_usage(_FOLDER).free > _ROOM:
            return _FOLDER
    return None
