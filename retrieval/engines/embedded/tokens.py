"""The tokens of passages, for late interaction: how well each word of a question is met where."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats, Integers
from retrieval.encoders.compression import TokenCodec
from retrieval.engines import IndexedPassage, PassageTokens, TokenMatches
from retrieval.engines.embedded.columns import Array, Columns, gathered
from retrieval.engines.embedded.lexical import starts_of
from retrieval.engines.matching import matches_of
from retrieval.errors import DamagedError


class TokenBuilder:
    """Gathers the tokens of passages, some at a time."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._frequency = TokenFrequency()
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
        self._frequency.add(ids)

    def finish(self) -> None:
        """Put what is known when all tokens are there into the columns."""
        self._columns.append("token_starts", starts_of(np.concatenate(self._counts)))
        self._columns.append("token_frequency", self._frequency.counts())


class TokenFrequency:
    """Counts in how many passages each vocabulary entry occurs."""

    def __init__(self) -> None:
        self._counts: NDArray[np.int64] = np.zeros(1, dtype=np.int64)

    def add(self, ids: Iterable[Integers]) -> None:
        """Count the tokens of the next passages, given for each; there is at least one passage."""
        held = np.concatenate([np.unique(each) for each in ids])
        counted = np.bincount(held, minlength=len(self._counts))
        counted[: len(self._counts)] += self._counts
        self._counts = counted

    def counts(self) -> Integers:
        """By vocabulary entry; those beyond the end occur nowhere."""
        return self._counts.astype(np.int32)


def frequency_of(counts: Integers, ids: Integers) -> Integers:
    """What ``TokenFrequency.counts`` has of some vocabulary entries."""
    known = (ids >= 0) & (ids < len(counts))
    found: Integers = np.where(known, counts[np.where(known, ids, 0)], 0)
    return found.astype(np.int32)


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
        return frequency_of(self._frequency, ids)

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
        return matches_of(self._codec, vectors, codes, sizes, ends)

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
