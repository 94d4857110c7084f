"""Passages without a text: random vectors, and words of a small alphabet."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Encoding, Floats, Tokens
from retrieval.encoders.compression import codec_for
from retrieval.encoders.kept import KeptEncoding
from retrieval.engines import IndexedPassage

DIMENSIONS = 8
WORDS = tuple("abcdefghij")
_TOKENS = 20
_K1 = 1.2
_B = 0.75


CODEC = codec_for("a model of tests", DIMENSIONS)


def unit(rng: np.random.Generator, *shape: int) -> Floats:
    """Random vectors of unit length; the last dimension is theirs."""
    vectors = rng.standard_normal(shape).astype(np.float32)
    found: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return found


def passage(
    rng: np.random.Generator,
    words: Sequence[str],
    sentences: int = 1,
    article: str = "article",
    paragraph: int = 1,
) -> IndexedPassage:
    """A passage of so many sentences, each of which has up to three tokens."""
    encodings = []
    for _ in range(sentences):
        count = int(rng.integers(0, 4))
        ids = rng.integers(0, _TOKENS, count).astype(np.int32)
        tokens = Tokens(unit(rng, count, DIMENSIONS).astype(np.float16), ids)
        encodings.append(Encoding(unit(rng, DIMENSIONS), tokens))
    start = 100 * paragraph
    return IndexedPassage(
        passage=Passage(
            article=article,
            paragraph=paragraph,
            span=Span(start, start + 10 * sentences),
            heading=Span(start - 9, start - 1) if paragraph % 2 else None,
        ),
        text_hash=hashlib.sha256(f"{article} {paragraph}".encode()).hexdigest(),
        words=tuple(words),
        sentences=tuple(Span(start + 10 * n, start + 10 * n + 9) for n in range(sentences)),
        encoding=KeptEncoding.of(encodings, CODEC),
    )


@st.composite
def several_passages(
    draw: st.DrawFn, *, shortest: int = 4, longest: int = 4, least: int = 1
) -> list[IndexedPassage]:
    """From ``least`` to 30 passages, of ``shortest`` to ``longest`` words each.

    No passage has more than four sentences: an index may look for so many a passage wanted.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    words = st.lists(st.sampled_from(WORDS), min_size=shortest, max_size=longest)
    outlines = draw(st.lists(st.tuples(words, st.integers(1, 4)), min_size=least, max_size=30))
    return [
        passage(rng, said, sentences, f"article-{number // 3}", number % 3 + 1)
        for number, (said, sentences) in enumerate(outlines)
    ]


questions = st.tuples(
    st.integers(0, 2**32 - 1).map(lambda seed: unit(np.random.default_rng(seed), DIMENSIONS)),
    st.lists(st.sampled_from((*WORDS, "unknown")), max_size=5),
)
"""A vector and some words."""


def cosines(passages: Sequence[IndexedPassage], vector: Floats) -> Floats:
    """The highest cosine of a sentence in each passage, computed one by one."""
    each = [float((item.encoding.vectors.astype(np.float32) @ vector).max()) for item in passages]
    return np.array(each, dtype=np.float32)


def frequency(passages: Sequence[IndexedPassage], word: str) -> int:
    """In how many passages a word occurs."""
    return sum(word in item.words for item in passages)


def bm25(
    passages: Sequence[IndexedPassage],
    words: Sequence[str],
    among: Sequence[IndexedPassage] | None = None,
) -> NDArray[np.float64]:
    """Lucene's BM25 of each passage, word by word.

    Args:
        among: The passages in which the words are counted; ``passages`` where not given.
    """
    among = passages if among is None else among
    average = sum(len(item.words) for item in passages) / len(passages)

    def part(item: IndexedPassage, word: str) -> float:
        count = item.words.count(word)
        if not count:
            return 0.0
        common = frequency(among, word)
        rarity = math.log(1 + (len(among) - common + 0.5) / (common + 0.5))
        return rarity * count / (count + _K1 * (1 - _B + _B * len(item.words) / average))

    return np.array([sum(part(item, word) for word in words) for item in passages])
