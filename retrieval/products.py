"""Products of small matrices on one thread."""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", np.float32, np.float64)

_FOR_ONE_THREAD: Final = 2**18
"""Multiplications in a product up to which OpenBLAS does not divide it."""


def product(left: NDArray[Number], right: NDArray[Number]) -> NDArray[Number]:
    """``left @ right.T``, in parts that numpy's BLAS leaves to one thread.

    Where other threads want the processors too, those that share a product wait for each other:
    what takes a millisecond on one then takes ten and more.

    Args:
        left: Shape ``(n, d)``.
        right: Shape ``(m, d)``.

    Returns:
        Shape ``(n, m)``.
    """
    found = np.empty((len(left), len(right)), dtype=left.dtype)
    step = max(1, _FOR_ONE_THREAD // max(1, left.size))
    for start in range(0, len(right), step):
        part = slice(start, start + step)
        np.matmul(left, right[part].T, out=found[:, part])
    return found
