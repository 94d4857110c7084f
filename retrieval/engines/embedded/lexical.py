"""BM25 over an inverted index: how well passages match by their words.

The formula is Lucene's (Robertson and Zaragoza 2009, without the constant factor ``k1 + 1``). What
a word adds to a passage's score is computed when the index is made, but for the word's rarity,
which may be that of a larger collection (BM25S: Lù 2024 computes all of it).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats
from retrieval.engines import WordStatistics
from retrieval.engines.embedded.columns import Array, Columns
from retrieval.errors import DamagedError

K1: Final = 1.2
B: Final = 0.75
_REMEMBERED: Final = 4096
"""Words whose place is remembered: each question asks for the same ones several times."""
_PRUNED_FROM: Final = 20_000
"""Passages from which it pays to look for a bar that the best passages are above."""


class LexicalBuilder:
    """Counts the words of passages, one after another."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[NDArray[np.int32]] = []
        self._lengths: list[int] = []

    def add(self, words: Sequence[str]) -> None:
        """Count the words of the next passage; the empty word is none."""
        numbers = self._numbers
        found = [numbers.setdefault(word, len(numbers)) for word in words if word]
        self._words.append(np.array(found, dtype=np.int32))
        self._lengths.append(len(words))

    def finish(self, columns: Columns, average_length: float | None = None) -> None:
        """Put the inverted index into columns.

        Args:
            average_length: Of all passages that are asked together, in words; that of the
                passages here where not given.
        """
        lengths = np.array(self._lengths, dtype=np.float64)
        average = average_length or max(float(lengths.mean()), 1.0)
        spelled = sorted(
            (word.encode("utf-8", "surrogatepass"), n) for word, n in self._numbers.items()
        )
        place = np.empty(len(spelled), dtype=np.int64)
        place[[number for _, number in spelled]] = np.arange(len(spelled))
        columns.append("words", np.frombuffer(b"".join(w for w, _ in spelled), dtype=np.uint8))
        columns.append("word_starts", starts_of([len(word) for word, _ in spelled]))

        owners = np.repeat(np.arange(len(lengths)), [len(words) for words in self._words])
        said = np.concatenate(self._words)
        self._words.clear()
        pairs, counts = np.unique(place[said] * len(lengths) + owners, return_counts=True)
        words, rows = np.divmod(pairs, len(lengths))
        scale = K1 * (1 - B + B * lengths / average)
        starts = starts_of(np.bincount(words, minlength=len(spelled)))
        rows = rows.astype(np.int32)
        parts = (counts / (counts + scale[rows])).astype(np.float32)
        places = map(slice, starts[:-1].tolist(), starts[1:].tolist())
        checks = [_checksum(rows[place], parts[place]) for place in places]
        columns.append("posting_rows", rows)
        columns.append("posting_parts", parts)
        columns.append("posting_starts", starts)
        columns.append("posting_checks", np.array(checks, dtype=np.uint32))


class LexicalIndex:
    """An inverted index over passages. Safe to share by threads.

    Args:
        columns: As ``LexicalBuilder.finish`` has put them.
        size: How many passages there are.
        trusted: Whether the postings are known to be whole; otherwise those of a word are checked
            when it is asked for.
    """

    def __init__(self, columns: Mapping[str, Array], size: int, *, trusted: bool = True) -> None:
        self._size = size
        self._rows = columns["posting_rows"]
        self._parts = columns["posting_parts"]
        # Of another object: an index that remembered its own method would never be freed.
        self._place_of = lru_cache(_REMEMBERED)(_Words(columns, trusted).place_of)

    def frequency(self, word: str) -> int:
        """In how many passages a word occurs.

        Raises:
            DamagedError: What is stored of the word is not what was written.
        """
        postings = self._place_of(word)
        return int(postings.stop - postings.start)

    def scores(self, words: Iterable[str], statistics: WordStatistics | None) -> LexicalScores:
        """The score of each passage; a word that is asked twice counts twice.

        Raises:
            DamagedError: What is stored of a word is not what was written.
        """
        asked: dict[str, int] = {}
        for word in words:
            if self.frequency(word):
                asked[word] = asked.get(word, 0) + 1
        scores = np.zeros(self._size, dtype=np.float32)
        rarest: NDArray[np.int32] = self._rows[:0]
        for word, times in asked.items():
            postings = self._place_of(word)
            if statistics is None:
                weight = idf(postings.stop - postings.start, self._size)
            else:
                weight = idf(statistics.frequencies[word], statistics.passages)
            rows = self._rows[postings]
            # A word has one posting a passage, so that no row stands in it twice.
            scores[rows] += self._parts[postings] * np.float32(weight * times)
            if not len(rarest) or len(rows) < len(rarest):
                rarest = rows
        return LexicalScores(scores, rarest)


class _Words:
    """The words of an index in their order, and where the postings of each are."""

    def __init__(self, columns: Mapping[str, Array], trusted: bool) -> None:
        self._trusted = trusted
        self._spelled = columns["words"]
        self._word_starts = columns["word_starts"]
        self._starts = columns["posting_starts"]
        self._rows = columns["posting_rows"]
        self._parts = columns["posting_parts"]
        self._checks = columns["posting_checks"]

    def place_of(self, word: str) -> slice:
        """Where a word's postings are; an empty place for a word that is not here."""
        wanted = word.encode("utf-8", "surrogatepass")
        low, high = 0, len(self._word_starts) - 1
        while low < high:
            middle = (low + high) // 2
            if self._spelling(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(self._word_starts) - 1 or self._spelling(low) != wanted:
            return slice(0, 0)
        place = slice(int(self._starts[low]), int(self._starts[low + 1]))
        if not self._trusted:
            found = _checksum(self._rows[place], self._parts[place])
            if found != self._checks[low]:
                raise DamagedError(f"the passages of word {low} were changed")
        return place

    def _spelling(self, number: int) -> bytes:
        return self._spelled[self._word_starts[number] : self._word_starts[number + 1]].tobytes()


class LexicalScores:
    """What words are worth in each passage, shape ``(n,)``.

    Args:
        holders: The rows of some passages that score more than 0.
    """

    def __init__(self, values: Floats, holders: NDArray[np.int32]) -> None:
        self.values = values
        self._holders = holders

    def mean_and_deviation(self) -> tuple[float, float]:
        """Over all passages."""
        if not len(self._holders):
            return 0.0, 0.0
        if len(self.values) < _PRUNED_FROM:
            return mean_and_deviation(self.values)
        # In one pass, which is exact enough where the scores are many and mostly 0.
        total = float(self.values.sum(dtype=np.float64))
        squares = float(np.dot(self.values, self.values))
        mean = total / len(self.values)
        return mean, math.sqrt(max(0.0, squares / len(self.values) - mean * mean))

    def best(self, limit: int, left: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """The rows of the ``limit`` highest scores above 0, in no order.

        Args:
            left: Which passages may be found; all where not given.
        """
        holders = self._holders if left is None else self._holders[left[self._holders]]
        if len(self.values) < _PRUNED_FROM or len(holders) < limit:
            some = np.flatnonzero(self.values)
        else:
            # The best of some are no better than the best of all: a bar that few are above.
            known = self.values[holders]
            bar = np.partition(known, len(known) - limit)[len(known) - limit]
            some = np.flatnonzero(self.values >= bar)
        if left is not None:
            some = some[left[some]]
        if len(some) <= limit:
            return some
        return some[np.argpartition(-self.values[some], limit - 1)[:limit]]


def mean_and_deviation(values: Floats) -> tuple[float, float]:
    """Those of at least one value, in a third of the time of numpy's own where they are few."""
    exact = values.astype(np.float64)
    mean = float(exact.sum()) / len(exact)
    from_mean = exact - mean
    return mean, math.sqrt(float(np.dot(from_mean, from_mean)) / len(exact))


def idf(frequency: int, passages: int) -> float:
    """A word's inverse document frequency: Lucene's, always above 0."""
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def starts_of(lengths: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    """Where parts of these lengths begin when put one after another, and where the last ends."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def _checksum(rows: Array, parts: Array) -> int:
    return zlib.crc32(parts.data, zlib.crc32(rows.data))
