"""As many passages as wanted, made from a number: for indexes larger than encoding allows.

They are alike those that a model makes of real articles in what an index is sensitive to. Words
follow Zipf's law, and those of a topic are more frequent in it. Sentences come in clusters of
unequal size, and their vectors, like those of all-MiniLM-L6-v2 over encyclopedia articles, have a
few dimensions with most of the variance: some 80 count. Cosines, as mean and deviation:

========================  ==============  =========
two sentences             all-MiniLM      here
========================  ==============  =========
of one passage            .41 ± .17       .40 ± .10
of two articles           .03 ± .085      .01 ± .10
========================  ==============  =========

A block is made from the seed and its own number alone: the same everywhere, in any order, and
never all of them in memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats, Integers

BLOCK: Final = 1000
_MOST_SENTENCES: Final = 8
_MEAN_SENTENCES: Final = 4.0
_MEAN_WORDS: Final = 22.0
_WORDS: Final = (4, 60)
"""The fewest and the most in a sentence."""
_ZIPF: Final = 1.05
_OF_THE_TOPIC: Final = 0.25
"""The share of a sentence's words that its topic has more often than others."""
_TOPIC_WORDS: Final = 400
_ENTRIES: Final = 30_522
"""Of the tokens' vocabulary, as BERT has it."""
_WHOLE_WORDS: Final = 20_000
"""The most frequent words are one token each, the others two or three."""
_SPECTRUM: Final = 0.37
"""How fast the dimensions' deviations fall: of 384 some 80 count then."""
_COMMON: Final = 0.2
"""How much of each centre is the same for all."""
_TOPIC: Final = (0.5, 0.76)
"""How much of a sentence's vector is its topic's, from and to."""
_CONTEXT: Final = 0.46
"""How much of a token's vector is its sentence's."""
_SYLLABLES: Final = tuple(
    f"{consonant}{vowel}" for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "ou")
)


@dataclass(frozen=True, slots=True)
class Block:
    """Some passages in a row.

    Attributes:
        first: The number of the first.
        sentence_starts: Shape ``(p + 1,)``: which of the sentences are each passage's.
        word_starts: Shape ``(s + 1,)``: which of the words are each sentence's.
        words: Shape ``(w,)``: the words by their rank, the most frequent being 0.
        vectors: Shape ``(s, d)``, each row unit length.
        topics: Shape ``(p,)``: of which cluster each passage is.
    """

    first: int
    sentence_starts: NDArray[np.int64]
    word_starts: NDArray[np.int64]
    words: Integers
    vectors: Floats
    topics: Integers

    def __len__(self) -> int:
        return len(self.topics)

    def sentences(self, number: int) -> list[str]:
        """The sentences of the block's passage ``number``."""
        first, last = self.sentence_starts[number : number + 2]
        return [self._sentence(sentence) for sentence in range(int(first), int(last))]

    def texts(self) -> Iterator[str]:
        """Each passage, a space between its sentences."""
        for number in range(len(self)):
            yield " ".join(self.sentences(number))

    def token_ids(self, sentence: int) -> Integers:
        """Which entries of the vocabulary the tokens of one sentence are, shape ``(t,)``."""
        words = self.words[self.word_starts[sentence] : self.word_starts[sentence + 1]]
        return tokens_of(words.astype(np.int64))

    def _sentence(self, sentence: int) -> str:
        start, end = self.word_starts[sentence : sentence + 2]
        said = " ".join(word(int(rank)) for rank in self.words[start:end])
        return f"{said[0].upper()}{said[1:]}."


@dataclass(frozen=True)
class SyntheticPassages:
    """So many passages, by their seed.

    Attributes:
        vocabulary: How many words there are at most.
        dimensions: Of the vectors.
        centres: Around how many points the sentences lie.
    """

    passages: int
    seed: int = 20261122
    vocabulary: int = 500_000
    dimensions: int = 384
    centres: int = 2_000

    def __len__(self) -> int:
        return self.passages

    def blocks(self, size: int = BLOCK) -> Iterator[Block]:
        """All passages, ``size`` at a time. With another size they are others."""
        for number, first in enumerate(range(0, self.passages, size)):
            yield self._block(number, first, min(size, self.passages - first))

    def vector_near(self, topic: int, number: int) -> Floats:
        """A vector such as a question about a topic has, shape ``(d,)``."""
        random = np.random.default_rng([self.seed, 2, number])
        vector: Floats = self._around(random, np.array([topic % self.centres], dtype=np.int32))[0]
        return vector

    def token_vectors(self, ids: Integers, sentence: Floats) -> Floats:
        """The vectors of a sentence's tokens in its context, shape ``(t, d)``.

        Args:
            sentence: The vector of the sentence, shape ``(d,)``.
        """
        own = self._token_table[ids % len(self._token_table)]
        return _unit(_CONTEXT * sentence + math.sqrt(1 - _CONTEXT**2) * own)

    def _block(self, number: int, first: int, size: int) -> Block:
        random = np.random.default_rng([self.seed, 1, number])
        # Topics are unequally common, as words are.
        topics = (self.centres * random.random(size) ** 2).astype(np.int32)
        share = (_MEAN_SENTENCES - 1) / (_MOST_SENTENCES - 1)
        sentences = 1 + random.binomial(_MOST_SENTENCES - 1, share, size)
        owners = np.repeat(topics, sentences)
        lengths = np.clip(
            np.round(random.gamma(6.0, _MEAN_WORDS / 6.0, len(owners))).astype(np.int64), *_WORDS
        )
        return Block(
            first=first,
            sentence_starts=_starts(sentences),
            word_starts=_starts(lengths),
            words=self._words(random, np.repeat(owners, lengths)),
            vectors=self._around(random, owners),
            topics=topics,
        )

    def _words(self, random: np.random.Generator, topics: Integers) -> Integers:
        anywhere = np.searchsorted(self._zipf, random.random(len(topics)))
        # A topic's own words lie anywhere among the ranks; the few first of them are most frequent.
        own = (_TOPIC_WORDS * random.random(len(topics)) ** 3).astype(np.int64)
        of_topic = _scrambled(topics.astype(np.int64) * _TOPIC_WORDS + own) % self.vocabulary
        chosen = np.where(random.random(len(topics)) < _OF_THE_TOPIC, of_topic, anywhere)
        words: Integers = np.minimum(chosen, self.vocabulary - 1).astype(np.int32)
        return words

    def _around(self, random: np.random.Generator, topics: Integers) -> Floats:
        """One vector for each of the topics that are given."""
        size = (len(topics), self.dimensions)
        noise = _unit(random.standard_normal(size, dtype=np.float32) * self._deviations)
        near = random.uniform(*_TOPIC, (len(topics), 1)).astype(np.float32)
        rest = np.sqrt(np.float32(1) - near * near)
        return _unit(near * self._points[topics] + rest * noise)

    @cached_property
    def _deviations(self) -> Floats:
        found: Floats = np.arange(1, self.dimensions + 1, dtype=np.float32) ** -_SPECTRUM
        return found

    @cached_property
    def _points(self) -> Floats:
        """The centres, shape ``(c, d)``."""
        random = np.random.default_rng([self.seed, 0])
        own = random.standard_normal((self.centres + 1, self.dimensions), dtype=np.float32)
        own = _unit(own * self._deviations)
        return _unit(_COMMON * own[-1] + math.sqrt(1 - _COMMON**2) * own[:-1])

    @cached_property
    def _zipf(self) -> NDArray[np.float64]:
        """The share of all words that the first so many have, shape ``(v,)``."""
        # Shifted by 2.7 (Mandelbrot): without, the first word would be every tenth.
        weights = (np.arange(self.vocabulary) + 2.7) ** -_ZIPF
        found: NDArray[np.float64] = np.cumsum(weights) / weights.sum()
        return found

    @cached_property
    def _token_table(self) -> Floats:
        random = np.random.default_rng([self.seed, 3])
        size = (_ENTRIES, self.dimensions)
        return _unit(random.standard_normal(size, dtype=np.float32) * self._deviations)


def word(rank: int) -> str:
    """The word of a rank: the more frequent, the shorter. No two ranks have the same one."""
    base, left, parts = len(_SYLLABLES), rank, []
    while True:
        left, syllable = divmod(left, base)
        parts.append(_SYLLABLES[syllable])
        if left == 0:
            return "".join(reversed(parts))
        left -= 1


def tokens_of(words: NDArray[np.int64]) -> Integers:
    """The tokens of words that are given by rank, in their order."""
    pieces = np.where(words < _WHOLE_WORDS, 1, 2 + (words & 1))
    which = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    repeated = np.repeat(words, pieces)
    split = _scrambled(repeated * 3 + which) % (_ENTRIES - 1000) + 1000
    whole = repeated + 1000
    ids: Integers = np.where(repeated < _WHOLE_WORDS, whole, split).astype(np.int32)
    return ids


def _scrambled(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers without an order, the same for the same ones (Knuth's multiplicative hash)."""
    return (numbers * 2_654_435_761 + 12_345) % (1 << 32)


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _unit(vectors: Floats) -> Floats:
    found: Floats = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return found
