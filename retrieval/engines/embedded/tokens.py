"""The tokens of passages, for late interaction: how well each word of a question is met where."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats, Integers
from retrieval.encoders.compression import TokenCodec
from retrieval.engines import IndexedPassage, PassageTokens, TokenMatches
from retrieval.engines.embedded.columns import Array, Columns
from retrieval.engines.embedded.lexical import starts_of
from retrieval.errors import DamagedError
from retrieval.products import product


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
        self._check(row, place)
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
        for row, place in zip(rows, places, strict=True):
            self._check(row, place)
        ends = starts_of(end - first)
        sentences = np.arange(ends[-1]) + np.repeat(first - ends[:-1], end - first)
        sizes = self._starts[sentences + 1] - self._starts[sentences]
        found = np.zeros((len(vectors), len(sentences)), dtype=np.float32)
        filled = np.flatnonzero(sizes)
        if len(filled) and len(vectors):
            decoded = self._codec.decode(np.concatenate([self._codes[place] for place in places]))
            met = product(self._codec.project(vectors), decoded)
            found[:, filled] = np.maximum.reduceat(met, starts_of(sizes)[filled], axis=1)
        return TokenMatches(found, ends)

    def _check(self, row: int, place: slice) -> None:
        """Raise ``DamagedError`` unless a passage's tokens are known to be whole, or are."""
        if self._trusted:
            return
        if _checksum(self._codes[place], self._ids[place]) != self._checks[row]:
            raise DamagedError(f"the tokens of passage {row} were changed")


def _checksum(codes: Array, ids: Array) -> int:
    return zlib.crc32(ids.tobytes(), zlib.crc32(codes.tobytes()))
