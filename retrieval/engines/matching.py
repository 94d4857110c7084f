"""Late interaction: how well the words of a question are met in the tokens of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats
from retrieval.encoders.compression import TokenCodec
from retrieval.engines import TokenMatches

_DECODED_AT_ONCE: Final = 512
"""Tokens, some 400 KB of them."""


def matches_of(
    codec: TokenCodec,
    vectors: Floats,
    codes: Sequence[NDArray[np.uint8]],
    sizes: NDArray[np.int64],
    starts: NDArray[np.int64],
) -> TokenMatches:
    """How well each of ``vectors``, shape ``(q, d)``, is matched in each sentence of some passages.

    Args:
        codec: What the codes were written with.
        codes: Those of each passage's tokens.
        sizes: How many tokens each sentence has, one passage's sentences after another's,
            shape ``(s,)``.
        starts: Where each passage's sentences begin in ``sizes``, and ``s`` at its end.
    """
    found = np.zeros((len(vectors), len(sizes)), dtype=np.float32)
    filled = np.flatnonzero(sizes)
    if len(filled) and len(vectors):
        met = _cosines(codec, vectors, np.concatenate(codes))
        first = np.cumsum(sizes) - sizes
        found[:, filled] = np.maximum.reduceat(met, first[filled], axis=1)
    return TokenMatches(found, starts)


def _cosines(codec: TokenCodec, vectors: Floats, codes: NDArray[np.uint8]) -> Floats:
    """Of each of ``vectors`` to each token, shape ``(q, t)``.

    A few hundred tokens at a time: what is decoded at once is a memory page to be found for every
    kilobyte, which takes longer than to compute it.
    """
    projected = codec.project(vectors)
    met = np.empty((len(vectors), len(codes)), dtype=np.float32)
    for start in range(0, len(codes), _DECODED_AT_ONCE):
        part = slice(start, start + _DECODED_AT_ONCE)
        met[:, part] = codec.cosines(projected, codes[part])
    return met
