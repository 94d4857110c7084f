"""Half precision into single, which every question does to the vectors that it looks at."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from retrieval.encoders import Floats, Halves


def to_single(values: Halves | Floats) -> Floats:
    """The same numbers in single precision.

    There are only 65,536 numbers in half precision: to look each up takes half the time of
    numpy's conversion.
    """
    if values.dtype != np.float16:
        return values.astype(np.float32, copy=False)
    single: Floats = _all_singles().take(np.ascontiguousarray(values).view(np.uint16))
    return single


@lru_cache(maxsize=1)
def _all_singles() -> Floats:
    """Every number in half precision, by its bits; shape ``(65536,)``, a quarter of a megabyte."""
    found: Floats = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
    return found
