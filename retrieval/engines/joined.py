"""Several indexes asked as one, each with its own passages: what one may not see is not in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import Candidates, Engine, PassageTokens, TokenMatches, WordStatistics


class JoinedEngine:
    """Engines of one encoder, one after another: their rows follow each other in that order.

    Candidates are those that one index over all passages would give. The words' inverse document
    frequencies are those of all passages together, as in Elasticsearch's ``dfs_query_then_fetch``:
    by its own, a collection of one article would find nearly every word rare. What differs is
    BM25's average passage length, which stays each engine's own; and where an engine looks at the
    nearest sentences only, several look at more of them than one.

    Args:
        engines: At least one. No two may have an article id in common, but for those in
            ``renamed``.
        renamed: For each engine the articles that have another id here, by their own id.

    Raises:
        ValueError: There is no engine, or not as many names as engines.
    """

    def __init__(
        self, engines: Sequence[Engine], renamed: Sequence[Mapping[str, str]] | None = None
    ) -> None:
        if not engines:
            raise ValueError("there is nothing to join")
        self._engines = tuple(engines)
        self._renamed = tuple(renamed) if renamed is not None else ({},) * len(engines)
        if len(self._renamed) != len(self._engines):
            raise ValueError("each engine needs its names")
        *self._starts, self._size = accumulate(map(len, self._engines), initial=0)

    def __len__(self) -> int:
        return self._size

    def passage(self, row: int) -> Passage:
        number, own_row = self._place(row)
        passage = self._engines[number].passage(own_row)
        article = self._renamed[number].get(passage.article)
        return passage if article is None else replace(passage, article=article)

    def rows_of(self, articles: Collection[str]) -> NDArray[np.int64]:
        parts = []
        for engine, names, start in zip(self._engines, self._renamed, self._starts, strict=True):
            own_names = {shown: own for own, shown in names.items()}
            # An id that is another article's here is not the engine's own any more.
            own = {own_names.get(id_, id_) for id_ in articles if id_ not in names}
            parts.append(engine.rows_of(own) + start)
        return np.concatenate(parts)

    def sentences(self, row: int) -> Sequence[Span]:
        number, own_row = self._place(row)
        return self._engines[number].sentences(own_row)

    def vectors(self, row: int) -> Floats:
        number, own_row = self._place(row)
        return self._engines[number].vectors(own_row)

    def tokens(self, row: int) -> PassageTokens:
        number, own_row = self._place(row)
        return self._engines[number].tokens(own_row)

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        places = [self._place(row) for row in rows]
        columns: list[Floats] = [np.zeros((len(vectors), 0), dtype=np.float32)] * len(places)
        for number, engine in enumerate(self._engines):
            own = [place for place, (owner, _) in enumerate(places) if owner == number]
            found = engine.token_matches(vectors, [places[place][1] for place in own])
            for index, place in enumerate(own):
                columns[place] = found.of(index)
        starts = np.cumsum([0, *(column.shape[1] for column in columns)], dtype=np.int64)
        empty = np.zeros((len(vectors), 0), dtype=np.float32)
        return TokenMatches(np.concatenate([empty, *columns], axis=1), starts)

    def token_frequency(self, ids: Integers) -> Integers:
        first, *others = (engine.token_frequency(ids) for engine in self._engines)
        return sum(others, start=first)

    def word_frequency(self, words: Sequence[str]) -> list[int]:
        each = (engine.word_frequency(words) for engine in self._engines)
        return [sum(counts) for counts in zip(*each, strict=True)]

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        if len(self._engines) == 1:
            return self._engines[0].candidates(vector, words, limit, statistics)
        statistics = statistics or self._statistics(words)
        found = [engine.candidates(vector, words, limit, statistics) for engine in self._engines]
        return self._together(found).best(limit)

    def scores(
        self,
        vector: Floats,
        words: Sequence[str],
        rows: NDArray[np.int64],
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        if len(self._engines) == 1:
            return self._engines[0].scores(vector, words, rows, statistics)
        statistics = statistics or self._statistics(words)
        bounds = np.searchsorted(rows, [*self._starts, self._size])
        found = [
            engine.scores(vector, words, rows[first:last] - start, statistics)
            for engine, start, (first, last) in zip(
                self._engines, self._starts, pairwise(bounds.tolist()), strict=True
            )
        ]
        return self._together(found)

    def _statistics(self, words: Sequence[str]) -> WordStatistics:
        asked = list(dict.fromkeys(words))
        frequencies = dict(zip(asked, self.word_frequency(asked), strict=True))
        return WordStatistics(len(self), frequencies)

    def _together(self, found: Sequence[Candidates]) -> Candidates:
        """What each engine has found, in one table."""
        sizes = np.array([len(engine) for engine in self._engines])
        dense_mean, dense_deviation = _pooled(
            sizes, [(one.dense_mean, one.dense_deviation) for one in found]
        )
        lexical_mean, lexical_deviation = _pooled(
            sizes, [(one.lexical_mean, one.lexical_deviation) for one in found]
        )
        pairs = zip(found, self._starts, strict=True)
        return Candidates(
            rows=np.concatenate([one.rows + start for one, start in pairs]),
            dense=np.concatenate([one.dense for one in found]),
            lexical=np.concatenate([one.lexical for one in found]),
            dense_mean=dense_mean,
            dense_deviation=dense_deviation,
            lexical_mean=lexical_mean,
            lexical_deviation=lexical_deviation,
        )

    def _place(self, row: int) -> tuple[int, int]:
        """The number of the engine that has a row, and the row's number there."""
        if not 0 <= row < self._size:
            raise IndexError(f"there is no row {row} among {self._size}")
        number = bisect_right(self._starts, row) - 1
        return number, row - self._starts[number]


def _pooled(sizes: NDArray[np.int64], parts: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Mean and deviation over several groups together, from those of each and its size."""
    means, deviations = np.array(parts, dtype=np.float64).T
    mean = float(np.average(means, weights=sizes))
    variance = np.average(deviations**2 + (means - mean) ** 2, weights=sizes)
    return mean, float(np.sqrt(variance))
