"""As many passages as wanted, made from a number: for indexes larger than encoding allows.

They are alike those that a model makes of real articles in what an index is sensitive to. Words
follow Zipf's law, the most frequent are English function words, which are not indexed, and those
of a topic are more frequent in it. Sentences come in clusters of
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
import re
from collections.abc import Iterator, Sequence
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
ENTRIES: Final = 30_522
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
_FUNCTION_WORDS: Final = """
the of and in was is for as on with by from at that it his are an were which or he be had this
their has its but not have they been who after all when her other will can up out if there into
about no only than then where most she these during between through over such being both while
under until against off how what him we my you your our them did do does just very above below
again further once here why any few each own too down should i
"""
FUNCTION_WORDS: Final = tuple(_FUNCTION_WORDS.split())
"""The most frequent words, in their order: no index has them."""
_ITS_ANSWER: Final = 0.4
"""How much of the answer's vector is added to a question's: their cosine is then about .66."""
_SYLLABLES: Final = tuple(
    f"{consonant}{vowel}" for consonant in "bdfgklmnprstvz" for vowel in ("a", "e", "i", "o", "ou")
)
_NUMBER_OF: Final = {syllable: number for number, syllable in enumerate(_SYLLABLES)}
_SYLLABLE: Final = re.compile("[bdfgklmnprstvz](?:ou|[aeio])")


@dataclass(frozen=True, slots=True)
class Block:
    """Some passages in a row.

    Attributes:
        number: Of the block, from 0.
        first: The number of the first passage.
        sentence_starts: Shape ``(p + 1,)``: which of the sentences are each passage's.
        word_starts: Shape ``(s + 1,)``: which of the words are each sentence's.
        words: Shape ``(w,)``: the words by their rank, the most frequent being 0.
        topics: Shape ``(p,)``: of which cluster each passage is.
        spelled: Every word by its rank.
    """

    number: int
    first: int
    sentence_starts: NDArray[np.int64]
    word_starts: NDArray[np.int64]
    words: Integers
    topics: Integers
    spelled: Sequence[str]

    def __len__(self) -> int:
        return len(self.topics)

    def sentences(self, number: int) -> list[str]:
        """The sentences of the block's passage ``number``."""
        first, last = self.sentence_starts[number : number + 2].tolist()
        return [self._sentence(sentence) for sentence in range(first, last)]

    def texts(self) -> Iterator[str]:
        """Each passage, a space between its sentences."""
        for number in range(len(self)):
            yield " ".join(self.sentences(number))

    def ranks(self, sentence: int) -> Integers:
        """The words of one sentence by their rank, shape ``(w,)``."""
        return self.words[self.word_starts[sentence] : self.word_starts[sentence + 1]]

    def _sentence(self, sentence: int) -> str:
        said = " ".join([self.spelled[rank] for rank in self.ranks(sentence).tolist()])
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
            yield self.block(number, first, min(size, self.passages - first))

    @cached_property
    def spelled(self) -> Sequence[str]:
        """Every word by its rank."""
        return [word(rank) for rank in range(self.vocabulary)]

    def vectors_of(self, block: Block) -> Floats:
        """The vectors of a block's sentences, shape ``(s, d)``, each row unit length."""
        random = np.random.default_rng([self.seed, 4, block.number])
        return self._around(random, np.repeat(block.topics, np.diff(block.sentence_starts)))

    def question_about(self, vector: Floats, topic: int, number: int) -> Floats:
        """A vector such as a question has that a sentence answers: two thirds of the way there.

        Args:
            vector: Of the sentence, shape ``(d,)``.
            topic: Of the sentence.
        """
        found: Floats = _unit(_ITS_ANSWER * vector + self.vector_near(topic, number))
        return found

    def vector_near(self, topic: int, number: int) -> Floats:
        """A vector such as a question about a topic has, shape ``(d,)``."""
        random = np.random.default_rng([self.seed, 2, number])
        vector: Floats = self._around(random, np.array([topic % self.centres], dtype=np.int32))[0]
        return vector

    def centre(self, topic: int) -> Floats:
        """The point that a topic's sentences lie around, shape ``(d,)``."""
        found: Floats = self._points[topic % self.centres]
        return found

    def token_vectors(self, ids: Integers, sentence: Floats) -> Floats:
        """The vectors of a sentence's tokens in its context, shape ``(t, d)``.

        Args:
            sentence: The vector of the sentence, shape ``(d,)``.
        """
        own = self._token_table[ids % len(self._token_table)]
        return _unit(_CONTEXT * sentence + math.sqrt(1 - _CONTEXT**2) * own)

    def block(self, number: int, first: int, size: int = BLOCK) -> Block:
        """The block of that number, whose first passage and size are those of ``blocks``."""
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
            number=number,
            first=first,
            sentence_starts=_starts(sentences),
            word_starts=_starts(lengths),
            words=self._words(random, np.repeat(owners, lengths)),
            topics=topics,
            spelled=self.spelled,
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
        size = (ENTRIES, self.dimensions)
        return _unit(random.standard_normal(size, dtype=np.float32) * self._deviations)


def word(rank: int) -> str:
    """The word of a rank: the more frequent, the shorter. No two ranks have the same one."""
    if rank < len(FUNCTION_WORDS):
        return FUNCTION_WORDS[rank]
    # Of two syllables at least: of one there are function words too.
    base, parts = len(_SYLLABLES), list[str]()
    left = rank - len(FUNCTION_WORDS) + base
    while True:
        left, syllable = divmod(left, base)
        parts.append(_SYLLABLES[syllable])
        if left == 0:
            return "".join(reversed(parts))
        left -= 1


def rank_of(word: str) -> int | None:
    """The rank of a word; ``None`` for one that has none."""
    if word in FUNCTION_WORDS:
        return FUNCTION_WORDS.index(word)
    syllables = _SYLLABLE.findall(word)
    if len(syllables) < 2 or "".join(syllables) != word:
        return None
    number = 0
    for syllable in syllables:
        number = number * len(_SYLLABLES) + _NUMBER_OF[syllable] + 1
    return number - 1 - len(_SYLLABLES) + len(FUNCTION_WORDS)


def is_whole(rank: int) -> bool:
    """Whether a word is one token."""
    return rank < _WHOLE_WORDS


def pieces_of(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many tokens each of some words has."""
    found: NDArray[np.int64] = np.where(words < _WHOLE_WORDS, 1, 2 + (words & 1))
    return found


def tokens_of(words: NDArray[np.int64]) -> Integers:
    """The tokens of words that are given by rank, in their order."""
    pieces = pieces_of(words)
    which = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    repeated = np.repeat(words, pieces)
    split = _scrambled(repeated * 3 + which) % (ENTRIES - 1000) + 1000
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
