"""How well sentences fit a topic, and whether any article is about it at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from retrieval.analysis import words
from retrieval.articles import Article
from retrieval.encoders import Encoding, Floats
from retrieval.engines import Engine
from retrieval.languages import language_of
from retrieval.search import rarity
from retrieval.summaries.selection import Candidate

HELD: Final = 0.55
"""The fit of the best sentence from which the articles hold a topic.

Read off topics (titles, answers of two to five words, questions) with their own article there and
taken out. On xquad-en, whose articles have nothing in common, 86 % of 215 were held when there and
7 % when not (at 0.5: 92 and 13 %, at 0.57: 82 and 5 %; AUROC .941). On covidqa, papers on one
subject, it is 79 and 57 % of 344: what one paper is about the others mention too, so there a topic
is rarely found absent (AUROC .732).
"""
NEAR: Final = 0.45
"""From which a sentence goes along once a topic is held: what fits less is about something else."""

_PASSAGES: Final = 50
_SAMPLED: Final = 20
"""Articles looked at for the languages in which a topic's words are looked for."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a summary is to be about; ``weights`` has how much each of its tokens says, sum 1."""

    text: str
    encoding: Encoding
    weights: Floats

    @classmethod
    def of(cls, engine: Engine, text: str, encoding: Encoding) -> Topic:
        """The topic with its tokens weighted by how few passages hold them."""
        weights = rarity(engine.token_frequency(encoding.tokens.ids), len(engine))
        return cls(text, encoding, weights / max(float(weights.sum()), 1e-6))

    def passages(self, engine: Engine, articles: Mapping[str, Article]) -> list[int]:
        """The rows of the passages that are nearest to it, in meaning or in words."""
        step = max(1, len(articles) // _SAMPLED)
        sample = islice(articles.values(), 0, None, step)
        languages = dict.fromkeys(language_of(article.text) for article in sample)
        looked_for = [word for language in languages for word in words(self.text, language)]
        found = engine.candidates(self.encoding.vector, looked_for, _PASSAGES)
        return [int(row) for row in found.rows]

    def fits(self, engine: Engine, row: int) -> Floats:
        """How well each sentence of a passage fits, shape ``(s,)``.

        The mean of what questions are matched by: the cosine of the sentence's vector, and the
        weighted MaxSim of its tokens.
        """
        cosines = engine.vectors(row) @ self.encoding.vector
        own = self.encoding.tokens.vectors.astype(np.float32)
        matches = self.weights @ engine.token_matches(own, [row]).cosines
        found: Floats = ((cosines + matches) / 2).astype(np.float32)
        return found


def on_topic(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The sentences that are about the topic; none where not even the best of them is."""
    if max((candidate.fit for candidate in candidates), default=0.0) < HELD:
        return []
    return [candidate for candidate in candidates if candidate.fit >= NEAR]
