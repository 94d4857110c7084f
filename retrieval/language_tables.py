"""The tables of py3langid's model in one file, of which a process reads what its texts need.

The package ships them in 4 MB, which take half a second and 70 MB of memory to unpack. To map them
instead would bring half of that back with the first question, as systems map far more around what
is looked at. So the lines of the two large tables are read one by one, and kept within bounds.

The file, all numbers in the machine's own order:

- ``_HEAD``: what it is; how many labels, bytes of their names, states, rows and features there are;
  the CRC-32 of the next part.
- The names of the labels, each ended by a zero; the priors of the labels, float32; the row of each
  state, uint16; the feature that each state finds, int32, -1 for none.
- For each row the next states by the byte that is read, 256 x uint32; for each feature its
  likelihood under each label, float16. Each such line is followed by the CRC-32 of the line and its
  number.
- The CRC-32 of all that is before it.
"""

from __future__ import annotations

import os
import struct
import threading
import uuid
import zlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.durable import flush
from retrieval.errors import DamagedError

_HEAD: Final = struct.Struct("=8s6I")
_IDENTITY: Final = b"langid 2"
_CHECK: Final = struct.Struct("=I")
_BYTES: Final = 256
_AT_ONCE: Final = 256 * 1024
_KEPT_ROWS: Final = 8192
"""Some 10 MB: a thousand questions need half of them, many texts of one language all."""
_KEPT_FEATURES: Final = 16384
"""Some 8 MB, likewise."""


class LanguageTables:
    """What a ``LanguageIdentifier`` of py3langid works with. Safe to share by threads.

    Attributes:
        labels: Languages by their codes; some are there twice.
        priors: One a label, float32.
        rows: Of each state, into ``next_states``.
        features: What each state finds; -1 for none.
        next_states: By ``256 * row + byte``.
        likelihoods: By an array of features: float16, features x labels.

    Raises:
        DamagedError: The file does not hold what was written. The last two raise it when asked.
        OSError: It cannot be read; likewise.
    """

    def __init__(self, path: Path) -> None:
        self._file = _File(path)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        head = _HEAD.unpack(self._file.read(0, _HEAD.size))
        identity, labels, names, states, rows, features, check = head
        lengths = (names, 4 * labels, 2 * states, 4 * states)
        next_states = _Lines(self._file, _HEAD.size + sum(lengths), "I", _BYTES, rows, _KEPT_ROWS)
        likelihoods = _Lines(self._file, next_states.end, "H", labels, features, _KEPT_FEATURES)
        if identity != _IDENTITY or likelihoods.end + _CHECK.size != self._file.size:
            raise DamagedError("The language tables are not whole.")
        content = self._file.read(_HEAD.size, sum(lengths))
        if zlib.crc32(content) != check:
            raise DamagedError("The language tables were changed.")
        ends = accumulate(lengths)
        parts = [content[end - length : end] for end, length in zip(ends, lengths, strict=True)]
        self.labels = parts[0].decode("ascii", "replace").split("\0")[:-1]
        if len(self.labels) != labels or not labels:
            raise DamagedError("The language tables lack the name of a language.")
        self.priors: NDArray[np.float32] = np.frombuffer(parts[1], np.float32)
        self.rows = array("H", parts[2])
        self.features = array("i", parts[3])
        self.next_states = _NextStates(next_states)
        self.likelihoods = _Likelihoods(likelihoods, labels)

    def check(self) -> None:
        """Look at all of the file, which takes a tenth of a second.

        Raises:
            DamagedError: Some of it is not what was written.
            OSError: It cannot be read.
        """
        end = self._file.size - _CHECK.size
        check = 0
        for start in range(0, end, _AT_ONCE):
            check = zlib.crc32(self._file.read(start, min(_AT_ONCE, end - start)), check)
        if self._file.read(end, _CHECK.size) != _CHECK.pack(check):
            raise DamagedError("The language tables were changed.")

    def close(self) -> None:
        """Close the file; what is not kept of it cannot be looked at any more."""
        self._file.close()


def write_tables(
    path: Path,
    labels: Sequence[str],
    priors: NDArray[Any],
    rows: Sequence[int],
    features: Sequence[int],
    next_states: Sequence[int],
    likelihoods: NDArray[Any],
) -> None:
    """Write the tables, of the shapes above, as a whole: a crash leaves no part of them.

    Raises:
        OSError: They cannot be written.
    """
    names = "".join(f"{label}\0" for label in labels).encode("ascii")
    parts = [names, priors.astype(np.float32).tobytes()]
    parts += [array("H", rows).tobytes(), array("i", features).tobytes()]
    content = b"".join(parts)
    table = np.asarray(next_states, np.uint32).reshape(-1, _BYTES)
    sizes = (len(labels), len(names), len(rows), len(table), len(likelihoods))
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        check = 0
        with temporary.open("wb") as file:
            for piece in chain(
                (_HEAD.pack(_IDENTITY, *sizes, zlib.crc32(content)), content),
                _checked(table),
                _checked(likelihoods.astype(np.float16, copy=False)),
            ):
                check = zlib.crc32(piece, check)
                file.write(piece)
            file.write(_CHECK.pack(check))
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _checked(table: NDArray[Any]) -> Iterator[bytes]:
    for number, values in enumerate(table):
        line = values.tobytes()
        yield line + _check_of(line, number)


class _NextStates:
    def __init__(self, lines: _Lines) -> None:
        self._lines = lines

    def __getitem__(self, index: int) -> int:
        return self._lines[index >> 8][index & 0xFF]


class _Likelihoods:
    def __init__(self, lines: _Lines, labels: int) -> None:
        self._lines = lines
        self._labels = labels

    def __getitem__(self, features: NDArray[np.intp]) -> NDArray[np.float16]:
        lines = b"".join([self._lines[feature] for feature in features.tolist()])
        return np.frombuffer(lines, np.float16).reshape(-1, self._labels)


class _Lines(dict[int, "memoryview[int]"]):
    """The lines of one table by their numbers, each read when it is looked at first.

    Args:
        start: Where in the file the first begins.
        kind: Of the values, as in ``struct``.
        width: The values of a line.
        kept: How many lines are kept, before all of them are let go.
    """

    def __init__(
        self, file: _File, start: int, kind: Literal["I", "H"], width: int, count: int, kept: int
    ) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._kind = kind
        self._bytes = width * struct.calcsize(kind)
        self._count = count
        self._kept = kept
        self.end = start + count * (self._bytes + _CHECK.size)

    def __missing__(self, number: int) -> memoryview[int]:
        if not 0 <= number < self._count:
            raise DamagedError("The language tables point outside of themselves.")
        size = self._bytes + _CHECK.size
        content = self._file.read(self._start + number * size, size)
        line = content[: self._bytes]
        if content[self._bytes :] != _check_of(line, number):
            raise DamagedError("A line of the language tables was changed.")
        if len(self) >= self._kept:
            self.clear()
        values = self[number] = memoryview(line).cast(self._kind)
        return values


class _File:
    """A file that is read here and there, by any thread."""

    def __init__(self, path: Path) -> None:
        # Unbuffered: what lies beside a line is not needed.
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, start: int, length: int) -> bytes:
        if start + length > self.size:
            raise DamagedError("The language tables end too early.")
        with self._lock:
            self._file.seek(start)
            content = self._file.read(length)
        if content is None or len(content) != length:
            raise DamagedError("The language tables end too early.")
        return content

    def close(self) -> None:
        self._file.close()


def _check_of(line: bytes, number: int) -> bytes:
    return _CHECK.pack(zlib.crc32(line, number))
