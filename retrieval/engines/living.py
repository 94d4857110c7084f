"""An index without the passages of some articles, which are gone but still in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import (
    Candidates,
    PassageTokens,
    SegmentEngine,
    TokenMatches,
    WordStatistics,
)


class Living:
    """What is left of an engine: rows are those of the passages that are left, from 0.

    How common words and tokens are, and what an ordinary score is, is still counted with the
    passages that are gone, until the index is made anew.

    Args:
        gone: The rows of ``engine`` that are not to be found, shape ``(g,)``; not all of them.

    Raises:
        ValueError: Nothing is left.
    """

    def __init__(self, engine: SegmentEngine, gone: NDArray[np.int64]) -> None:
        self._engine = engine
        self._is_left = np.ones(len(engine), dtype=np.bool_)
        self._is_left[gone] = False
        self._rows = np.flatnonzero(self._is_left)
        if not len(self._rows):
            raise ValueError("nothing is left")

    def __len__(self) -> int:
        return len(self._rows)

    def passage(self, row: int) -> Passage:
        return self._engine.passage(self._own(row))

    def rows_of(self, articles: Collection[str]) -> NDArray[np.int64]:
        rows = self._engine.rows_of(articles)
        return self._here(rows[self._is_left[rows]])

    def sentences(self, row: int) -> Sequence[Span]:
        return self._engine.sentences(self._own(row))

    def vectors(self, row: int) -> Floats:
        return self._engine.vectors(self._own(row))

    def tokens(self, row: int) -> PassageTokens:
        return self._engine.tokens(self._own(row))

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        return self._engine.token_matches(vectors, [self._own(row) for row in rows])

    def token_frequency(self, ids: Integers) -> Integers:
        found: Integers = np.minimum(self._engine.token_frequency(ids), len(self))
        return found

    def word_frequency(self, words: Sequence[str]) -> list[int]:
        return [min(count, len(self)) for count in self._engine.word_frequency(words)]

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        found = self._engine.candidates(vector, words, limit, statistics, left=self._is_left)
        return replace(found, rows=self._here(found.rows))

    def scores(
        self,
        vector: Floats,
        words: Sequence[str],
        rows: NDArray[np.int64],
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        found = self._engine.scores(vector, words, self._rows[rows], statistics)
        return replace(found, rows=rows)

    def _own(self, row: int) -> int:
        return int(self._rows[row])

    def _here(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows here of some of the engine's, all of which are left."""
        return np.searchsorted(self._rows, rows).astype(np.int64)
