"""The vectors of a text's tokens in a twelfth of their size.

Three steps. A fixed projection turns a vector so that its first components carry most of what
tells tokens apart (the principal axes of many tokens, uncentred), and leaves out the rest. Each
component becomes one of 16 or of 4 levels, those with the least squared error for a normal
distribution (Max 1960). One byte more says how much too short what remains is: without it, a
token that the projection knows badly would match every question less than it should, and
passages would change places; so RaBitQ corrects its estimates too (Gao and Long 2024).

The projection belongs to the model, not to a corpus, so that passages can come and go. Where none
is kept for a model, a fixed rotation, which prefers no direction, takes its place, with 16 levels
for every component.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats, Halves
from retrieval.products import product

Bytes = NDArray[np.uint8]
Doubles = NDArray[np.float64]
Signs = NDArray[np.int8]

FINE: Final = (0.1284, 0.3881, 0.6568, 0.9424, 1.2562, 1.6181, 2.0690, 2.7326)
COARSE: Final = (0.4528, 1.5104)
"""The upper half of the levels, in standard deviations; the lower half mirrors it."""
FINE_A_BYTE: Final = 2
COARSE_A_BYTE: Final = 4

_LEAST_KEPT: Final = 1e-6
_LEAST: Final = 0.5
_MOST: Final = 2.5
_FACTORS: Final = 255
"""How many factors a byte can tell, besides 0 for a vector of zeros."""

_WHOLE: Final = 2.0**11
"""Vectors are multiplied as whole numbers of this part: no sum of a vector's products with an axis
then reaches 2 ** 24, up to which single precision is exact, in whatever order and with however many
threads a machine adds them up."""
_STEPS: Final = 127
_SEED: Final = 20261122
_FORMAT: Final = 2
_FOLDER: Final = Path(__file__).with_name("projections")


@dataclass(frozen=True, slots=True, eq=False)
class TokenCodec:
    """Token vectors into bytes and back. Safe to share by threads.

    Args:
        basis: Shape ``(d, k)``: the axes in columns, nearly at right angles, each of any length.
        deviations: Shape ``(k,)``: how far a unit vector usually reaches along each axis, as the
            root of the mean square.
        fine: How many of the axes, the first ones, have 16 levels; the others have 4.

    Attributes:
        name: Changes whenever a vector would have another code.
        width: How many bytes a token has.

    Raises:
        ValueError: The shapes do not fit each other, or an axis or a deviation is 0.
    """

    basis: Signs
    deviations: Floats
    fine: int
    name: str = field(init=False)
    width: int = field(init=False)
    _axes: Floats = field(init=False, repr=False)
    _scales: Floats = field(init=False, repr=False)
    _projection: Floats = field(init=False, repr=False)
    _fine_levels: Floats = field(init=False, repr=False)
    _coarse_levels: Floats = field(init=False, repr=False)
    _factors: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        axes = self.basis.shape[1]
        lengths = np.sqrt(np.square(self.basis.astype(np.float64)).sum(axis=0))
        if self.deviations.shape != (axes,) or not (lengths > 0).all():
            raise ValueError("each axis needs a length and a deviation")
        if not (self.deviations > 0).all():
            raise ValueError("a deviation must be more than 0")
        if not 0 <= self.fine <= axes:
            raise ValueError(f"{self.fine} of {axes} axes cannot be fine")
        factors = np.linspace(_LEAST, _MOST, _FACTORS)
        derived = {
            "name": _name(self.basis, self.deviations, self.fine),
            "width": _bytes(self.fine, FINE_A_BYTE) + _bytes(axes - self.fine, COARSE_A_BYTE) + 1,
            "_axes": self.basis.T.astype(np.float32),
            "_scales": (self.deviations * lengths * _WHOLE).astype(np.float32),
            "_projection": (self.basis / lengths * self.deviations).T.astype(np.float32),
            "_fine_levels": _table(FINE, FINE_A_BYTE),
            "_coarse_levels": _table(COARSE, COARSE_A_BYTE),
            "_factors": np.concatenate([[0], factors]).astype(np.float32),
        }
        for key, value in derived.items():
            object.__setattr__(self, key, value)

    @property
    def axes(self) -> int:
        """How many numbers a decoded vector has."""
        return len(self.deviations)

    def encode(self, vectors: Floats | Halves) -> Bytes:
        """The codes of token vectors.

        Args:
            vectors: Shape ``(t, d)``, each row unit length or all zeros.

        Returns:
            Shape ``(t, width)``. The same on every machine.

        Raises:
            ValueError: The vectors have another number of dimensions, or one is not finite.
        """
        given = np.asarray(vectors, dtype=np.float32)
        if given.ndim != 2 or given.shape[1] != len(self.basis):
            raise ValueError(f"vectors of {len(self.basis)} dimensions are needed")
        if not np.isfinite(given).all():
            raise ValueError("a vector is not finite")
        whole: Floats = given * np.float32(_WHOLE)
        np.rint(whole, out=whole)
        # All at once, unlike the few of a question: this is most of the work.
        reached = whole @ self._axes.T
        reached /= self._scales
        fine, fine_levels = _nearest(FINE, reached[:, : self.fine])
        coarse, coarse_levels = _nearest(COARSE, reached[:, self.fine :])
        there: NDArray[np.bool_] = np.any(whole, axis=1)
        levels = np.concatenate([fine_levels, coarse_levels], axis=1)
        kept = (reached * levels * np.square(self.deviations)).sum(axis=1, dtype=np.float64)
        return np.concatenate(
            [
                _packed(fine, FINE_A_BYTE),
                _packed(coarse, COARSE_A_BYTE),
                _factor_codes(kept, there),
            ],
            axis=1,
        )

    def decode(self, codes: Bytes) -> Floats:
        """What codes stand for, shape ``(t, k)``, to be compared with what ``project`` gives.

        Args:
            codes: Shape ``(t, width)``.

        Raises:
            ValueError: The codes have another width.
        """
        fine, coarse, factors = self._parts(codes)
        return np.concatenate([fine, coarse], axis=1) * factors[:, np.newaxis]

    def cosines(self, asked: Floats, codes: Bytes) -> Floats:
        """``asked @ decode(codes).T``, shape ``(q, t)``, without the decoded vectors.

        Args:
            asked: Vectors as ``project`` gives them, shape ``(q, k)``.
            codes: Shape ``(t, width)``.

        Raises:
            ValueError: The codes have another width.
        """
        fine, coarse, factors = self._parts(codes)
        found = product(asked[:, : self.fine], fine)
        found += product(asked[:, self.fine :], coarse)
        found *= factors
        return found

    def _parts(self, codes: Bytes) -> tuple[Floats, Floats, Floats]:
        """The fine and the coarse levels of some codes, and what each token is multiplied by."""
        if codes.ndim != 2 or codes.shape[1] != self.width:
            raise ValueError(f"codes of {self.width} bytes are needed")
        split = _bytes(self.fine, FINE_A_BYTE)
        # A byte is looked up at once with all the levels in it, which numpy copies as one number.
        fine = self._fine_levels.take(codes[:, :split], axis=0)
        coarse = self._coarse_levels.take(codes[:, split:-1], axis=0)
        axes = len(self.deviations)
        return (
            fine.reshape(len(codes), split * FINE_A_BYTE)[:, : self.fine],
            coarse.reshape(len(codes), coarse.shape[1] * COARSE_A_BYTE)[:, : axes - self.fine],
            self._factors[codes[:, -1]],
        )

    def project(self, vectors: Floats) -> Floats:
        """A question's vectors, ``(q, d)``, as decoded ones are to be multiplied by: ``(q, k)``.

        ``project(q) @ decode(encode(v)).T`` is nearly ``q @ v.T``.
        """
        return product(vectors.astype(np.float32, copy=False), self._projection)


@lru_cache(maxsize=8)
def codec_for(model: str, dimensions: int) -> TokenCodec:
    """The codec for a model's token vectors.

    Args:
        model: As ``Encoder.name`` gives it.
        dimensions: Of the vectors; at least 1.
    """
    path = _FOLDER / f"{model}.npz"
    if path.parent == _FOLDER and path.is_file():
        with np.load(path) as arrays:
            basis, deviations = arrays["basis"], arrays["deviations"]
            if len(basis) == dimensions:
                return TokenCodec(basis, deviations, int(arrays["fine"]))
    return rotation(dimensions)


def rotation(dimensions: int) -> TokenCodec:
    """The codec that knows nothing of the vectors: all their components, 16 levels each.

    The vectors are turned by a cosine transform after half of their signs have been turned, so
    that no component is large as a rule: each then reaches as far as any other.
    """
    chance = random.Random(_SEED)  # noqa: S311  # the same on every machine, not secret
    signs = np.array([1.0 if chance.random() < 0.5 else -1.0 for _ in range(dimensions)])
    places = np.arange(dimensions)
    turned = np.cos(np.pi * (places[:, None] + 0.5) * places / dimensions) * signs[:, None]
    deviations = np.full(dimensions, dimensions**-0.5, dtype=np.float32)
    return TokenCodec(whole_axes(turned), deviations, fine=dimensions)


def whole_axes(axes: Doubles | Floats) -> Signs:
    """Axes in whole numbers from -127 to 127, each as long as fits. Shape ``(d, k)`` as given."""
    found: Signs = np.rint(axes / np.abs(axes).max(axis=0) * _STEPS).astype(np.int8)
    return found


def _name(basis: Signs, deviations: Floats, fine: int) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {fine} {FINE} {COARSE} ".encode())
    digest.update(f"{_LEAST} {_MOST} {_FACTORS} {basis.shape}".encode())
    digest.update(np.ascontiguousarray(basis).tobytes())
    digest.update(deviations.astype("<f4").tobytes())
    return f"{fine}x4+{basis.shape[1] - fine}x2@{digest.hexdigest()[:12]}"


def _levels(half: tuple[float, ...]) -> Doubles:
    return np.array([*(-level for level in reversed(half)), *half])


def _nearest(half: tuple[float, ...], reached: Floats) -> tuple[Bytes, Floats]:
    """For each component the number of the nearest level, and the level."""
    levels = _levels(half).astype(np.float32)
    numbers = np.zeros(reached.shape, dtype=np.uint8)
    # Quicker than a search for each component.
    for bound in (levels[1:] + levels[:-1]) / 2:
        numbers += reached > bound
    return numbers, levels[numbers]


def _packed(numbers: Bytes, a_byte: int) -> Bytes:
    """Several numbers in each byte, the first in its lowest bits; the last byte filled with 0."""
    rows, columns = numbers.shape
    packed = np.zeros((rows, _bytes(columns, a_byte)), dtype=np.uint8)
    for place in range(a_byte):
        part = numbers[:, place::a_byte]
        packed[:, : part.shape[1]] |= part << np.uint8(place * (8 // a_byte))
    return packed


def _bytes(numbers: int, a_byte: int) -> int:
    return -(-numbers // a_byte)


def _table(half: tuple[float, ...], a_byte: int) -> Floats:
    """The levels in each of the 256 bytes, shape ``(256, a_byte)``."""
    levels = _levels(half).astype(np.float32)
    numbers = np.arange(256)[:, None] >> (np.arange(a_byte) * (8 // a_byte))
    table: Floats = levels[numbers % len(levels)]
    return table


def _factor_codes(kept: Doubles, there: NDArray[np.bool_]) -> Bytes:
    """The byte that says by what each row is multiplied, shape ``(t, 1)``.

    Args:
        kept: The dot product of each vector with what its levels stand for; 1 where nothing
            is lost.
        there: Which rows are not all zeros.
    """
    factors = np.clip(1 / np.maximum(kept, _LEAST_KEPT), _LEAST, _MOST)
    numbers = np.rint((factors - _LEAST) / (_MOST - _LEAST) * (_FACTORS - 1)) + 1
    found: Bytes = np.where(there, numbers, 0).astype(np.uint8)[:, None]
    return found
