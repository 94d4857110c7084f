"""Summaries made of the articles' own sentences, in their order.

A sentence is central when many others are like it (LexRank: Erkan and Radev 2004, here with the
encoder's vectors for sentences); of two that say the same, only one is taken (maximal marginal
relevance: Carbonell and Goldstein 1998).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from retrieval.answers import Quote, quote_json
from retrieval.articles import Article, Span
from retrieval.encoders import Encoding, Floats
from retrieval.engines import Engine

_DAMPING: Final = 0.85
_ITERATIONS: Final = 50
_NOVELTY: Final = 0.35
_TOPIC_WEIGHT: Final = 0.7
_LEAD_BONUS: Final = 0.25
_MIN_WORDS: Final = 6
_MAX_CHARACTERS: Final = 500
_MAX_SENTENCES: Final = 2000
"""Centrality compares every two sentences; of a larger corpus the ones nearest its mean are
compared."""

_STANDS_ALONE: Final = re.compile(r"^[\"'“‘«(\[]*[^\W_].*[.!?。！？؟।…][\"'”’»)\]]*$", re.DOTALL)
_LEANS_ON_ANOTHER: Final = re.compile(
    r"^[\"'“‘]*(?:and|but|or|so|he|she|it|they|this|that|these|those|however|meanwhile|also|thus|"
    r"therefore|his|her|their|its|yet|moreover|instead|then)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences of one or more articles, each a verbatim quote."""

    topic: str | None
    articles: tuple[Article, ...]
    quotes: tuple[Quote, ...]

    def as_json(self) -> dict[str, Any]:
        """The summary in the form that ``footnote summary --json`` prints."""
        return {
            "topic": self.topic,
            "articles": [article.id for article in self.articles],
            "sentences": [quote_json(quote) for quote in self.quotes],
        }


@dataclass(frozen=True, slots=True)
class _Candidate:
    row: int
    span: Span
    vector: Floats
    place: float  # 0 at the start of the article, 1 at its end


def summarize(
    engine: Engine,
    articles: Mapping[str, Article],
    *,
    count: int,
    article: str | None = None,
    topic: Encoding | None = None,
    topic_text: str | None = None,
) -> Summary:
    """The ``count`` sentences that carry one article, a topic, or the whole corpus.

    Args:
        articles: Every article of the index, by id, in the corpus's order.
        article: The id of the one to summarize; all where not given.
        topic: What the summary is about, encoded as a question.
        topic_text: The same as the person wrote it.
    """
    candidates = _candidates(engine, articles, article)
    chosen = _choose(candidates, count, topic)
    order = {id_: number for number, id_ in enumerate(articles)}
    quotes = [
        Quote(
            article=articles[engine.passage(candidate.row).article],
            paragraph=engine.passage(candidate.row).paragraph,
            span=candidate.span,
            score=score,
        )
        for candidate, score in chosen
    ]
    quotes.sort(key=lambda quote: (order[quote.article.id], quote.span.start))
    used = dict.fromkeys(quote.article.id for quote in quotes)
    return Summary(topic_text, tuple(articles[id_] for id_ in used), tuple(quotes))


def _candidates(
    engine: Engine, articles: Mapping[str, Article], article: str | None
) -> list[_Candidate]:
    found: list[_Candidate] = []
    rest: list[_Candidate] = []
    for row in range(len(engine)):
        passage = engine.passage(row)
        if article is not None and passage.article != article:
            continue
        text = articles[passage.article].text
        tokens = engine.tokens(row)
        for number, sentence in enumerate(engine.sentences(row)):
            own = tokens.vectors[tokens.starts[number] : tokens.starts[number + 1]]
            if not len(own):
                continue
            vector = own.astype(np.float32).mean(axis=0)
            vector = vector / max(float(np.linalg.norm(vector)), 1e-6)
            candidate = _Candidate(row, sentence, vector, sentence.start / max(1, len(text)))
            (found if _is_prose(sentence.of(text)) else rest).append(candidate)
    # An article of fragments alone is still summarized by the best of them.
    return found or rest


def _is_prose(sentence: str) -> bool:
    return (
        len(sentence) <= _MAX_CHARACTERS
        and (len(sentence.split()) >= _MIN_WORDS or not sentence.isascii())
        and _STANDS_ALONE.match(sentence) is not None
        and _LEANS_ON_ANOTHER.match(sentence) is None
    )


def _choose(
    candidates: Sequence[_Candidate], count: int, topic: Encoding | None
) -> list[tuple[_Candidate, float]]:
    if not candidates:
        return []
    vectors = np.stack([candidate.vector for candidate in candidates])
    kept = np.arange(len(candidates))
    if len(kept) > _MAX_SENTENCES:
        aim = topic.vector if topic is not None else vectors.mean(axis=0)
        kept = np.sort(np.argsort(-(vectors @ aim))[:_MAX_SENTENCES])
        vectors = vectors[kept]
    alike = vectors @ vectors.T
    worth = _scaled(_centrality(alike))
    places = np.array([candidates[int(i)].place for i in kept], dtype=np.float32)
    worth = worth + _LEAD_BONUS * np.exp(-10 * places).astype(np.float32)
    if topic is not None:
        worth = (1 - _TOPIC_WEIGHT) * worth + _TOPIC_WEIGHT * _scaled(vectors @ topic.vector)
    chosen: list[int] = []
    left = set(range(len(kept)))
    while left and len(chosen) < count:
        best = max(
            left,
            key=lambda i: (
                float(worth[i]) - (_NOVELTY * 2 * float(alike[i, chosen].max()) if chosen else 0.0),
                -i,
            ),
        )
        left.remove(best)
        chosen.append(best)
    return [(candidates[int(kept[i])], float(worth[i])) for i in chosen]


def _centrality(alike: Floats) -> Floats:
    """The stationary distribution of a walk from sentence to like sentence (PageRank)."""
    size = len(alike)
    links = np.maximum(alike, 0) * (1 - np.eye(size, dtype=np.float32))
    sums = links.sum(axis=1, keepdims=True)
    links = np.where(sums > 0, links / np.where(sums > 0, sums, 1), 1 / size)
    rank: Floats = np.full(size, 1 / size, dtype=np.float32)
    for _ in range(_ITERATIONS):
        rank = ((1 - _DAMPING) / size + _DAMPING * (rank @ links)).astype(np.float32)
    return rank


def _scaled(values: Floats) -> Floats:
    low, high = float(values.min()), float(values.max())
    scaled: Floats = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return scaled
