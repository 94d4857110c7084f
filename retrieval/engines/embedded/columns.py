"""The arrays of an index, gathered part by part: in memory, or in files that need not fit there.

Each column is a table of one kind of number with a fixed number of values a line, whose length is
known only when the last part is there. In a folder each is a file of its bare values, and
``columns.json`` says what they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_SHAPES: Final = "columns.json"
_MAPPED_FROM: Final = 4 * 1024 * 1024
"""Bytes from which a file is mapped rather than read: each that is mapped stays open."""


class Columns(Protocol):
    """Where columns are gathered."""

    def append(self, name: str, part: Array) -> None:
        """Put lines under those that a column has, of the same width and kind."""
        ...

    def finish(self) -> Mapping[str, Array]:
        """All columns, each whole; nothing is appended afterwards."""
        ...


class ColumnsInMemory:
    """Columns that are kept in memory."""

    def __init__(self) -> None:
        self._parts: dict[str, list[Array]] = {}

    def append(self, name: str, part: Array) -> None:
        self._parts.setdefault(name, []).append(part)

    def finish(self) -> Mapping[str, Array]:
        return {name: np.concatenate(parts) for name, parts in self._parts.items()}


class ColumnsInFiles:
    """Columns that are written to a folder as they come.

    Raises:
        OSError: From any of its methods, where the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = ExitStack()
        self._files: dict[str, BinaryIO] = {}
        self._shapes: dict[str, tuple[str, Sequence[int]]] = {}

    def append(self, name: str, part: Array) -> None:
        if name not in self._files:
            path = self._folder / f"{name}.bin"
            self._files[name] = self._open.enter_context(path.open("wb"))
            self._shapes[name] = (part.dtype.newbyteorder("<").str, part.shape[1:])
        kind, width = self._shapes[name]
        if part.shape[1:] != tuple(width):
            raise ValueError(f"column {name} has lines of shape {width}, not {part.shape[1:]}")
        self._files[name].write(np.asarray(part, dtype=kind).tobytes())

    def finish(self) -> Mapping[str, Array]:
        self._open.close()
        shapes = {name: [kind, list(width)] for name, (kind, width) in self._shapes.items()}
        (self._folder / _SHAPES).write_text(json.dumps(shapes, sort_keys=True), "ascii")
        return open_columns(self._folder)

    def __enter__(self) -> ColumnsInFiles:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()


def save_columns(columns: Mapping[str, Array], folder: Path) -> None:
    """Write whole columns into a folder.

    Raises:
        OSError: It cannot be written.
    """
    with ColumnsInFiles(folder) as files:
        for name, column in columns.items():
            files.append(name, column)
        files.finish()


def open_columns(folder: Path) -> dict[str, Array]:
    """The columns of a folder, the large ones mapped: their values are read when looked at.

    Raises:
        OSError, ValueError, TypeError: They cannot be read.
    """
    shapes = json.loads((folder / _SHAPES).read_text("ascii"))
    return {
        name: _open(folder / f"{name}.bin", np.dtype(kind), tuple(width))
        for name, (kind, width) in shapes.items()
    }


def _open(path: Path, kind: np.dtype[Any], width: tuple[int, ...]) -> Array:
    size = path.stat().st_size
    if size >= _MAPPED_FROM:
        # As a plain array: what is cut out of a mapped one costs more to make.
        values: Array = np.asarray(np.memmap(path, dtype=kind, mode="r"))
    else:
        values = np.frombuffer(path.read_bytes(), dtype=kind)
    return values.reshape(-1, *width) if width else values
