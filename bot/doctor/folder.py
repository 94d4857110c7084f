"""The data folder: whether it can be written, and whether there is room for what will be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation

_MEGABYTE: Final = 1_000_000
_FULL: Final = 50 * _MEGABYTE
_LOW: Final = 500 * _MEGABYTE
"""Bytes. The model's export takes 90 MB, and is written beside the old one."""


def check_folder(installation: Installation) -> Iterator[Finding]:
    """Whether the data folder, and what is in it, can be written."""
    folder = installation.folder
    name = "data folder"
    try:
        there = _nearest(folder)
        is_folder = there.is_dir()
    except OSError as error:
        yield Finding(
            name,
            "error",
            f"The data folder {folder} cannot be looked at. The system says: {error.strerror}.",
            "Check its permissions, or set FOOTNOTE_DATA_DIR.",
        )
        return
    if not is_folder:
        yield Finding(
            name,
            "error",
            f"The data folder {folder} cannot be used: {there} is a file.",
            "Move the file away, or set FOOTNOTE_DATA_DIR to a folder.",
        )
        return
    closed = [path for path in (there, *_kept(folder)) if not os.access(path, _needed(path))]
    if closed:
        more = f" and {len(closed) - 1} more in it" if len(closed) > 1 else ""
        yield Finding(
            name,
            "error",
            f"{closed[0]}{more} cannot be written by this user, so nothing can be kept.",
            f"Give it to the user who runs Footnote (chown -R USER {there}), or set "
            "FOOTNOTE_DATA_DIR.",
        )
    elif there != folder:
        yield Finding(name, "ok", f"The data folder {folder} will be made at the first start.")
    else:
        size = _size(folder)
        yield Finding(name, "ok", f"{folder} can be written; {size / _MEGABYTE:,.1f} MB are in it.")


def check_disk(installation: Installation) -> Iterator[Finding]:
    """Whether there is room for another index beside the present one."""
    folder = installation.folder
    free = installation.free(_nearest(folder))
    size = _size(folder)
    room = f"{free / _MEGABYTE:,.0f} MB are free on the disk of {folder}"
    remedy = "Free some space, or set FOOTNOTE_DATA_DIR to a folder on another disk."
    if free < _FULL:
        yield Finding("disk", "error", f"{room}: no change can be kept.", remedy)
    elif free < _LOW:
        yield Finding("disk", "warning", f"{room}: little more can be kept.", remedy)
    elif free < size:
        yield Finding(
            "disk",
            "warning",
            f"{room}, and {size / _MEGABYTE:,.0f} MB are in it: a reload writes the new index "
            "beside the old one, which may not fit.",
            remedy,
        )
    else:
        yield Finding("disk", "ok", f"{room}.")


def _nearest(folder: Path) -> Path:
    """The folder itself, or what is there of the path to it."""
    path = folder.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return folder if path == folder.absolute() else path


def _kept(folder: Path) -> Iterator[Path]:
    """What lies in the folder, and the folders of collections: what a change writes to."""
    if folder.is_dir():
        yield from sorted(folder.iterdir())
        yield from sorted(folder.glob("collections/*"))


def _needed(path: Path) -> int:
    return os.W_OK | (os.X_OK if path.is_dir() else os.R_OK)


def _size(folder: Path) -> int:
    """The size of all that is in the folder, in bytes."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # A reload may delete it meanwhile.
                total += Path(place, name).lstat().st_size
    return total
