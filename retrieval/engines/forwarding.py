"""An engine that stands before another: what differs is written in a class below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import Candidates, Engine, PassageTokens, TokenMatches, WordStatistics


class ForwardingEngine:
    """Does all that is asked of it by another engine, with the same rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __len__(self) -> int:
        return len(self._engine)

    def passage(self, row: int) -> Passage:
        return self._engine.passage(row)

    def rows_of(self, articles: Collection[str]) -> NDArray[np.int64]:
        return self._engine.rows_of(articles)

    def sentences(self, row: int) -> Sequence[Span]:
        return self._engine.sentences(row)

    def vectors(self, row: int) -> Floats:
        return self._engine.vectors(row)

    def tokens(self, row: int) -> PassageTokens:
        return self._engine.tokens(row)

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        return self._engine.token_matches(vectors, rows)

    def token_frequency(self, ids: Integers) -> Integers:
        return self._engine.token_frequency(ids)

    def word_frequency(self, words: Sequence[str]) -> list[int]:
        return self._engine.word_frequency(words)

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        return self._engine.candidates(vector, words, limit, statistics)

    def scores(
        self,
        vector: Floats,
        words: Sequence[str],
        rows: NDArray[np.int64],
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        return self._engine.scores(vector, words, rows, statistics)
