"""The arrays of an index, gathered part by part: in memory, or in files that need not fit there.

Each column is a table of one kind of number with a fixed number of values a line, whose length is
known only when the last part is there. In a folder each is a file of its bare values, and
``columns.json`` says what they are.

Large files are mapped. But where a question looks at a few lines here and there of a file of
gigabytes, these are read: each page of a mapped file that was looked at counts as memory of the
process, with sixteen around it.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import DamagedError

Array = NDArray[Any]

_SHAPES: Final = "columns.json"
_MAPPED_FROM: Final = 4 * 1024 * 1024
"""Bytes from which a file is mapped rather than read: each that is mapped stays open."""
_READ_IN_PARTS_FROM: Final = 64 * 1024 * 1024
"""Bytes from which lines that are looked at here and there are read each time."""


class Lines(Protocol):
    """The lines of a column, in memory or in a file. Safe to share by threads."""

    @property
    def dtype(self) -> Any: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, place: slice, /) -> Array: ...


class LinesInFile:
    """The lines of a file, which are read when they are looked at.

    Raises:
        OSError: The file cannot be opened.
        ValueError: Its size is not that of whole lines.
    """

    def __init__(self, path: Path, kind: np.dtype[Any], width: tuple[int, ...]) -> None:
        self.dtype = kind
        self._line = kind.itemsize * int(np.prod(width, dtype=np.int64))
        size = path.stat().st_size
        if size % self._line:
            raise ValueError(f"the size of {path.name} is not that of whole lines")
        self.shape = (size // self._line, *width)
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, place: slice, /) -> Array:
        """Some lines.

        Raises:
            DamagedError: They cannot be read any more.
        """
        first, last, step = place.indices(len(self))
        if step != 1:
            return np.concatenate([self[at : at + 1] for at in range(first, last, step)])
        wanted, offset = max(0, last - first) * self._line, first * self._line
        read = self._read(wanted, offset)
        while len(read) < wanted:
            # The system reads two gigabytes at once at most.
            more = self._read(wanted - len(read), offset + len(read))
            if not more:
                raise DamagedError("a file of the index was cut")
            read += more
        return np.frombuffer(read, dtype=self.dtype).reshape(-1, *self.shape[1:])

    def expect(self, places: Iterable[slice]) -> None:
        """Have the system read some places at the same time, each of which is asked for next."""
        if hasattr(os, "posix_fadvise"):
            line = self._line
            for place in places:
                size = (place.stop - place.start) * line
                os.posix_fadvise(self._file, place.start * line, size, os.POSIX_FADV_WILLNEED)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(self[:], dtype=dtype)

    def _read(self, size: int, offset: int) -> bytes:
        try:
            return os.pread(self._file, size, offset)
        except OSError as error:
            raise DamagedError(f"a file of the index cannot be read: {error}") from error


def gathered(lines: Lines, places: Sequence[slice]) -> list[Array]:
    """The lines at some places, each with a start and a stop.

    From a disk, four hundred places take 7 ms together, and 25 ms one after another.

    Raises:
        DamagedError: They cannot be read any more.
    """
    if isinstance(lines, LinesInFile) and len(places) > 1:
        lines.expect(places)
    return [lines[place] for place in places]


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


def open_columns(folder: Path, in_parts: Collection[str] = ()) -> dict[str, Any]:
    """The columns of a folder, the large ones mapped: their values are read when looked at.

    Args:
        in_parts: Columns of which a few lines are looked at here and there: where they are large,
            they are ``LinesInFile``, and arrays otherwise, like all others.

    Raises:
        OSError, ValueError, TypeError: They cannot be read.
    """
    shapes = json.loads((folder / _SHAPES).read_text("ascii"))
    return {
        name: _open(folder / f"{name}.bin", np.dtype(kind), tuple(width), name in in_parts)
        for name, (kind, width) in shapes.items()
    }


def _open(
    path: Path, kind: np.dtype[Any], width: tuple[int, ...], in_parts: bool
) -> Array | LinesInFile:
    size = path.stat().st_size
    if in_parts and size >= _READ_IN_PARTS_FROM and hasattr(os, "pread"):
        return LinesInFile(path, kind, width)
    if size >= _MAPPED_FROM:
        # As a plain array: what is cut out of a mapped one costs more to make.
        values: Array = np.asarray(np.memmap(path, dtype=kind, mode="r"))
    else:
        values = np.frombuffer(path.read_bytes(), dtype=kind)
    return values.reshape(-1, *width) if width else values
