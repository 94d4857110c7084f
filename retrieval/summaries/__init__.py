"""Summaries made of the articles' own sentences, in their order.

Of the sentences that can stand alone (``prose``), those that together cover most are taken
(``selection``); for a topic, of those that are about it (``topics``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from retrieval.answers import Quote, quote_json
from retrieval.articles import Article
from retrieval.encoders import Encoding
from retrieval.engines import Engine
from retrieval.languages import Language, language_of
from retrieval.search import rarity
from retrieval.summaries import topics
from retrieval.summaries.prose import standing
from retrieval.summaries.selection import Candidate, choose
from retrieval.summaries.topics import Topic

_PASSAGES: Final = 300
"""Every two sentences of these are compared; of a larger collection they stand for the rest."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences of one or more articles, each a verbatim quote.

    There are none where no sentence can stand alone, or nothing is said about the topic.
    """

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


def summarize(
    engine: Engine,
    articles: Mapping[str, Article],
    *,
    count: int,
    article: str | None = None,
    topic: Encoding | None = None,
    topic_text: str | None = None,
) -> Summary:
    """At most ``count`` sentences that carry one article, a topic, or the whole corpus.

    Args:
        articles: Every article of the index, by id, in the corpus's order.
        article: The id of the one to summarize; all where not given.
        topic: What the summary is about, encoded as a question.
        topic_text: The same as the person wrote it.
    """
    if not any(len(engine.tokens(row).ids) for row in range(len(engine))):
        return Summary(topic_text, (), ())  # Of control characters alone nothing can be said.
    about = Topic.of(engine, topic_text or "", topic) if topic is not None else None
    if about is not None and article is None:
        rows = about.passages(engine, articles)
    else:
        rows = _representative(engine, article)
    candidates = list(_candidates(engine, articles, rows, about))
    if about is not None:
        candidates = topics.on_topic(candidates)
    chosen = choose(candidates, count, in_turn=article is None and about is None)
    order = {id_: number for number, id_ in enumerate(articles)}
    chosen.sort(key=lambda item: (order[item[0].passage.article], item[0].span))
    quotes = tuple(
        Quote(articles[one.passage.article], one.passage.paragraph, one.span, score)
        for one, score in chosen
    )
    used = dict.fromkeys(quote.article.id for quote in quotes)
    return Summary(topic_text, tuple(articles[id_] for id_ in used), quotes)


def _representative(engine: Engine, article: str | None) -> list[int]:
    """The rows to choose from: all, or those nearest to the middle of their articles.

    Every article gives its most central passage before one gives its second, beginning with the
    articles that are nearest to the middle of the collection.
    """
    owners: dict[str, list[int]] = {}
    for row in range(len(engine)):
        owner = engine.passage(row).article
        if article in (None, owner):
            owners.setdefault(owner, []).append(row)
    if sum(map(len, owners.values())) <= _PASSAGES:
        return [row for rows in owners.values() for row in rows]
    middles = {}
    ranked: dict[str, list[int]] = {}
    for owner, rows in owners.items():
        vectors = np.stack([engine.vectors(row).mean(axis=0) for row in rows])
        middles[owner] = vectors.mean(axis=0)
        ranked[owner] = [rows[number] for number in np.argsort(-(vectors @ middles[owner]))]
    middle = np.mean(list(middles.values()), axis=0)
    nearest = sorted(ranked, key=lambda owner: -float(middles[owner] @ middle))
    rounds = [
        [ranked[owner][turn] for owner in nearest if turn < len(ranked[owner])]
        for turn in range(min(_PASSAGES, max(map(len, ranked.values()))))
    ]
    return sorted([row for turn in rounds for row in turn][:_PASSAGES])


def _candidates(
    engine: Engine, articles: Mapping[str, Article], rows: Sequence[int], topic: Topic | None
) -> Iterator[Candidate]:
    languages: dict[str, Language] = {}
    for row in rows:
        passage = engine.passage(row)
        text = articles[passage.article].text
        if passage.article not in languages:
            languages[passage.article] = language_of(text)
        spans = engine.sentences(row)
        vectors = engine.vectors(row)
        tokens = engine.tokens(row)
        says = rarity(engine.token_frequency(tokens.ids), len(engine))
        fits = topic.fits(engine, row) if topic is not None else np.zeros(len(spans))
        alone = standing(text, spans, languages[passage.article])
        for number, span in enumerate(spans):
            own = slice(int(tokens.starts[number]), int(tokens.starts[number + 1]))
            if alone[number] and own.start < own.stop:
                yield Candidate(
                    passage=passage,
                    span=span,
                    vector=vectors[number],
                    ids=tokens.ids[own],
                    rarity=says[own],
                    place=span.start / len(text),
                    fit=float(fits[number]),
                )
