"""An index of which only some passages are looked at, by whoever may see all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import Candidates, Engine, PassageTokens, TokenMatches, WordStatistics


class Selection:
    """Some rows of an engine. Only what is found differs: rows and scores are the engine's own.

    How rare a word is, and what an ordinary score is, is so taken from all passages: among those
    of one article nearly every word of its topic would be common. It is no fence between
    strangers, since those numbers tell of the passages that are not selected.

    Args:
        engine: Has the passages, and those that are not selected.
        rows: At least one, shape ``(r,)``.

    Raises:
        ValueError: There is no row.
    """

    def __init__(self, engine: Engine, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            raise ValueError("there is nothing to select")
        self._engine = engine
        self._rows = np.unique(rows)

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
        found = self._engine.scores(vector, words, self._rows, statistics)
        dense = np.argsort(-found.dense, kind="stable")[:limit]
        lexical = np.argsort(-found.lexical, kind="stable")[:limit]
        return found.only(np.unique(np.concatenate([dense, lexical[found.lexical[lexical] > 0]])))

    def scores(
        self,
        vector: Floats,
        words: Sequence[str],
        rows: NDArray[np.int64],
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        return self._engine.scores(vector, words, rows, statistics)
