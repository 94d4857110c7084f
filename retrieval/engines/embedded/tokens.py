"""The tokens of passages, for late interaction: how well each word of a question is met where."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats, Integers
from retrieval.encoders.compression import TokenCodec
from retrieval.engines import IndexedPassage, PassageTokens, TokenMatches
from retrieval.engines.embedded.columns import Array, Columns, gathered
from retrieval.engines.embedded.lexical import starts_of
from retrieval.errors import DamagedError
from retrieval.products import product

_DECODED_AT_ONCE: Final = 256
"""Tokens, some 200 KB of them."""


class TokenBuilder:
    """Gathers the tokens of passages, some at a time."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._frequency: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        self._counts: list[NDArray[np.int32]] = []

    def add(self, passages: Sequence[IndexedPassage]) -> None:
        """Gather the tokens of the next passages, of which there is at least one."""
        encodings = [item.encoding for item in passages]
        # What has no tokens need not say how wide their codes would be.
        for_some = [encoding.codes for encoding in encodings if len(encoding.codes)]
        if for_some:
            self._columns.append("token_codes", np.concatenate(for_some))
        ids = [encoding.token_ids.astype(np.int32) for encoding in encodings]
        self._columns.append("token_ids", np.concatenate(ids))
        self._counts.extend(encoding.counts for encoding in encodings)
        checks = [_checksum(e.codes, i) for e, i in zip(encodings, ids, strict=True)]
        self._columns.append("token_checks", np.array(checks, dtype=np.uint32))
        held = np.concatenate([np.unique(each) for each in ids])
        counted = np.bincount(held, minlength=len(self._frequency))
        counted[: len(self._frequency)] += self._frequency
        self._frequency = counted

    def finish(self) -> None:
        """Put what is known when all tokens are there into the columns."""
        self._columns.append("token_starts", starts_of(np.concatenate(self._counts)))
        self._columns.append("token_frequency", self._frequency.astype(np.int32))


class TokenIndex:
    """The tokens of passages. Safe to share by threads.

    Args:
        columns: As ``TokenBuilder`` has filled them.
        sentences: Where each passage's sentences begin, shape ``(n + 1,)``.
        codec: What the codes were written with.
        trusted: Whether the tokens are known to be whole; otherwise those of a passage are checked
            when they are read.
    """

    def __init__(
        self,
        columns: Mapping[str, Array],
        sentences: NDArray[np.int64],
        codec: TokenCodec,
        *,
        trusted: bool,
    ) -> None:
        self._codes = columns.get("token_codes", np.zeros((0, codec.width), dtype=np.uint8))
        self._ids = columns["token_ids"]
        self._starts = columns["token_starts"]
        self._frequency = columns["token_frequency"]
        self._checks = columns["token_checks"]
        self._sentences = sentences
        self._codec = codec
        self._trusted = trusted

    def of(self, row: int) -> PassageTokens:
        """Which tokens a passage has.

        Raises:
            DamagedError: What is stored of it is not what was written.
        """
        starts = self._starts[self._sentences[row] : self._sentences[row + 1] + 1]
        place = slice(int(starts[0]), int(starts[-1]))
        self._read([row], [place])
        return PassageTokens(self._ids[place], starts - starts[0])

    def frequency(self, ids: Integers) -> Integers:
        """In how many passages each vocabulary entry occurs."""
        known = (ids >= 0) & (ids < len(self._frequency))
        found: Integers = np.where(known, self._frequency[np.where(known, ids, 0)], 0)
        return found.astype(np.int32)

    def matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        """How well each of ``vectors``, shape ``(q, d)``, is matched in each sentence of some
        passages.

        Raises:
            DamagedError: What is stored of a passage is not what was written.
        """
        if not rows:
            return TokenMatches(np.zeros((len(vectors), 0), dtype=np.float32), starts_of([]))
        chosen = np.asarray(rows, dtype=np.int64)
        first, end = self._sentences[chosen], self._sentences[chosen + 1]
        begins, stops = self._starts[first].tolist(), self._starts[end].tolist()
        places = [slice(*place) for place in zip(begins, stops, strict=True)]
        codes = self._read(rows, places)
        ends = starts_of(end - first)
        sentences = np.arange(ends[-1]) + np.repeat(first - ends[:-1], end - first)
        sizes = self._starts[sentences + 1] - self._starts[sentences]
        found = np.zeros((len(vectors), len(sentences)), dtype=np.float32)
        filled = np.flatnonzero(sizes)
        if len(filled) and len(vectors):
            met = self._cosines(vectors, np.concatenate(codes))
            found[:, filled] = np.maximum.reduceat(met, starts_of(sizes)[filled], axis=1)
        return TokenMatches(found, ends)

    def _cosines(self, vectors: Floats, codes: Array) -> Floats:
        """Of each of ``vectors`` to each token, shape ``(q, t)``.

        A few hundred tokens at a time: what is decoded at once is a memory page to be found for
        every kilobyte, which takes longer than to compute it.
        """
        projected = self._codec.project(vectors)
        met = np.empty((len(vectors), len(codes)), dtype=np.float32)
        for start in range(0, len(codes), _DECODED_AT_ONCE):
            part = slice(start, start + _DECODED_AT_ONCE)
            met[:, part] = product(projected, self._codec.decode(codes[part]))
        return met

    def _read(self, rows: Sequence[int], places: Sequence[slice]) -> list[Array]:
        """The codes of some passages' tokens.

        Raises:
            DamagedError: What is stored of one is not what was written, unless all are known to
                be whole.
        """
        codes = gathered(self._codes, places)
        if not self._trusted:
            parts = zip(rows, codes, gathered(self._ids, places), strict=True)
            for row, own, ids in parts:
                if _checksum(own, ids) != self._checks[row]:
                    raise DamagedError(f"the tokens of passage {row} were changed")
        return codes


def _checksum(codes: Array, ids: Array) -> int:
    return zlib.crc32(ids.data, zlib.crc32(codes.data))
