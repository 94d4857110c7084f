"""Where passages, vectors and words are kept and searched, behind one narrow protocol."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.encoders.kept import KeptEncoding


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage with all that is computed of it before the first question.

    Attributes:
        text_hash: Of all that is encoded: the key under which vectors are used again.
        words: What the lexical side counts, from ``analysis.words``.
        sentences: The passage's sentences, in article offsets; at least one.
        encoding: Of its sentences, each encoded by itself.
    """

    passage: Passage
    text_hash: str
    words: tuple[str, ...]
    sentences: tuple[Span, ...]
    encoding: KeptEncoding


@dataclass(frozen=True, slots=True)
class Candidates:
    """The passages that either side found, each with the scores of both.

    ``rows`` has shape ``(c,)``; ``dense`` (the highest cosine of a sentence) and ``lexical``
    (BM25) have one score for each. The means and deviations are those over all passages of the
    index, so that scores of two sides can be brought to one scale.
    """

    rows: NDArray[np.int64]
    dense: Floats
    lexical: Floats
    dense_mean: float
    dense_deviation: float
    lexical_mean: float
    lexical_deviation: float

    def only(self, places: NDArray[np.int64]) -> Candidates:
        """Some of the candidates, in the order of ``places``."""
        return replace(
            self,
            rows=self.rows[places],
            dense=self.dense[places],
            lexical=self.lexical[places],
        )

    def best(self, limit: int) -> Candidates:
        """Those that are among the best ``limit`` of either side, as they follow each other."""
        dense = np.argsort(-self.dense, kind="stable")[:limit]
        lexical = np.argsort(-self.lexical, kind="stable")[:limit]
        found = lexical[self.lexical[lexical] > 0]
        return self.only(np.unique(np.concatenate([dense, found])))


@dataclass(frozen=True, slots=True)
class PassageTokens:
    """The tokens of one passage, sentence after sentence.

    ``ids`` has shape ``(t,)``; ``starts``, of shape ``(s + 1,)``, has where each sentence begins in
    it, and ``t`` at its end.
    """

    ids: Integers
    starts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TokenMatches:
    """How well each of some vectors is matched in each sentence of some passages.

    Attributes:
        cosines: The best of each sentence's tokens, shape ``(q, s)``, one passage's sentences
            after another's. A sentence without tokens matches nothing: its column is zero.
        starts: Where each passage's sentences begin in them, and ``s`` at its end; shape
            ``(p + 1,)``.
    """

    cosines: Floats
    starts: NDArray[np.int64]

    def of(self, place: int) -> Floats:
        """Those of one of the passages, shape ``(q, its sentences)``."""
        return self.cosines[:, self.starts[place] : self.starts[place + 1]]


@dataclass(frozen=True, slots=True)
class WordStatistics:
    """How common words are among all passages that are asked together: global document
    frequencies, for an index that has only some of these passages.

    Attributes:
        passages: How many there are; at least as many as the index has.
        frequencies: In how many of them each word occurs, the index's own among them: for every
            word that is asked.
    """

    passages: int
    frequencies: Mapping[str, int]


class Engine(Protocol):
    """An index over the passages of one collection. Read-only, and safe to share by threads.

    Passages are known by their row, from 0, in the order in which they were given. How an index
    is made and kept is its own business.
    """

    def __len__(self) -> int: ...

    def passage(self, row: int) -> Passage: ...

    def rows_of(self, articles: Collection[str]) -> NDArray[np.int64]:
        """The rows of the passages of some articles, in rising order."""
        ...

    def sentences(self, row: int) -> Sequence[Span]: ...

    def vectors(self, row: int) -> Floats:
        """The vectors of a passage's sentences, shape ``(s, d)``."""
        ...

    def tokens(self, row: int) -> PassageTokens:
        """The tokens of a passage.

        Raises:
            DamagedError: What is stored of it is not what was written.
        """
        ...

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        """The best cosine of each of ``vectors``, of shape ``(q, d)`` and unit length, to a token
        of each sentence of some passages.

        How tokens are kept is the engine's own business, and so is how exact a cosine is.

        Raises:
            DamagedError: What is stored of a passage is not what was written.
        """
        ...

    def token_frequency(self, ids: Integers) -> Integers:
        """In how many passages each vocabulary entry occurs."""
        ...

    def word_frequency(self, words: Sequence[str]) -> list[int]:
        """In how many passages each analysed word occurs."""
        ...

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        """The best ``limit`` passages by a sentence's cosine to ``vector``, and by BM25.

        Args:
            vector: Shape ``(d,)``, unit length.
            words: What the lexical side looks for; a word that stands there twice counts twice.
            limit: At least 1; it may be more than there are passages.
            statistics: What BM25's inverse document frequencies are taken from, where the index
                is asked together with others; its own passages where not given.
        """
        ...

    def scores(
        self,
        vector: Floats,
        words: Sequence[str],
        rows: NDArray[np.int64],
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        """The scores of some passages, given in rising order, as ``candidates`` has them."""
        ...


class SegmentEngine(Engine, Protocol):
    """The engine of a segment: what changes of a collection need of it besides."""

    @property
    def average_length(self) -> float:
        """How many words a passage has on average."""
        ...

    @property
    def article_ids(self) -> Sequence[str]:
        """The articles, in the order of their passages."""
        ...

    def spans(self) -> tuple[Integers, Integers, Integers]:
        """Where every passage begins and ends, and the number of its article in ``article_ids``:
        each of shape ``(n,)``."""
        ...

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
        *,
        left: NDArray[np.bool_] | None = None,
    ) -> Candidates:
        """As every engine has it.

        Args:
            left: Which passages may be found, shape ``(n,)``; all where not given.
        """
        ...
