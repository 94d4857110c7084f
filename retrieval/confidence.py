"""How likely it is that the first passage answers the question.

Nine signs, weighed by a logistic regression that was fitted on public question sets with and
without the article that answers. Weights, threshold and the curve behind it are kept in a file a
model, in ``calibrations/``, which ``tests/benchmarks/calibrate.py`` makes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any, Final

import numpy as np

from retrieval.analysis import word_pairs
from retrieval.engines import Candidates, Engine
from retrieval.languages import Language
from retrieval.search import Hit, Query, rarity

RIVALS: Final = 3
LEAD_CEILING: Final = 0.15
LEXICAL_CEILING: Final = 0.6
SAME_STORY: Final = 0.95
"""Two passages whose best sentences are so alike tell the same, and are no rivals."""

_DEFAULT: Final = "all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What tells a question that the corpus answers from one that it does not.

    Attributes:
        lead: The first passage's match over the mean of the best passages of the next articles,
            from 0 to ``LEAD_CEILING``. Where there are fewer articles, the next best passages
            fill up. A reranker's scores are not in it: each model spreads them in its own way,
            and the weights were fitted without. Where it has put first what matches less than
            its rivals, there is no lead.
        bigrams: The share of the question's pairs of neighbouring words, by rarity, that stand
            in a sentence of the passage.
        cosine: The highest cosine of a sentence among all candidates.
        cosine_agrees: Whether that sentence is in the first passage's article: 1 or 0.
        lexical_agrees: The same for the highest BM25 score; 1 where no word is found anywhere.
        size: The natural logarithm of the number of passages: in a larger corpus something
            similar is sooner found by chance.
        words: The highest BM25 score of a candidate over the sum of the rarities of the
            question's words, at most ``LEXICAL_CEILING``. Words that the corpus does not have
            count, and so lower it.
        across: Whether the passage is in another language than the question: 1 or 0. Words
            cannot agree then, and nothing follows from it.
        crowded: The share of rivals that had to be taken from articles that were compared
            already: passages of one article are more alike, and a lead over them says more.
    """

    lead: float
    bigrams: float
    cosine: float
    cosine_agrees: float
    lexical_agrees: float
    size: float
    words: float
    crowded: float
    across: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """From evidence to a probability, for one model.

    Attributes:
        model: The encoder's name, as ``Encoder.name`` gives it.
        weights: Of each field of ``Evidence``.
        threshold: The confidence from which a question counts as answered.
        curve: For some thresholds and each set: the shares answered with and without an answer
            in the corpus, from which the threshold was chosen.
    """

    model: str
    weights: Mapping[str, float]
    intercept: float
    threshold: float
    fitted_on: Sequence[str]
    curve: Sequence[Mapping[str, Any]]

    def confidence(self, evidence: Evidence) -> float:
        """The probability that the first passage answers, from 0 to 1."""
        total = self.intercept + sum(
            weight * getattr(evidence, name) for name, weight in self.weights.items()
        )
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))

    def as_json(self) -> str:
        """The calibration as its file holds it."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"


def load_calibration(model: str) -> Calibration:
    """The calibration that was fitted for a model; the default model's where there is none."""
    folder = resources.files("retrieval") / "calibrations"
    name = model.split("@", 1)[0]
    file = folder / f"{name}.json"
    if "/" in name or "\\" in name or not file.is_file():
        file = folder / f"{_DEFAULT}.json"
    return Calibration(**json.loads(file.read_text("utf-8")))


def evidence(
    engine: Engine,
    query: Query,
    hits: Sequence[Hit],
    candidates: Candidates,
    text: str,
    language: Language,
) -> Evidence:
    """What speaks for the first of ``hits``, of which there must be at least one.

    Args:
        hits: Those of the candidates that were reranked, best first.
        candidates: All of them.
        text: The text of the first hit's article.
        language: The language it is in.
    """
    best = hits[0]
    by_cosine, by_words = int(candidates.dense.argmax()), int(candidates.lexical.argmax())
    nearest, likest = (
        engine.passage(int(candidates.rows[place])).article for place in (by_cosine, by_words)
    )
    most = float(candidates.lexical[by_words])
    asked = list(dict.fromkeys(query.words))
    found = rarity(np.array(engine.word_frequency(asked)), len(engine))
    rare = dict(zip(asked, found.tolist(), strict=True))
    ideal = float(found.sum())
    rivals, crowded = _rivals(engine, hits, candidates)
    return Evidence(
        lead=min(LEAD_CEILING, max(0.0, best.match - rivals)),
        bigrams=_bigrams(engine, query, rare, best, text),
        cosine=float(candidates.dense[by_cosine]),
        cosine_agrees=float(nearest == best.passage.article),
        lexical_agrees=float(not most or likest == best.passage.article),
        size=math.log(len(engine)),
        words=min(LEXICAL_CEILING, most / ideal) if ideal else 0.0,
        crowded=crowded,
        across=float(language != query.language),
    )


def _rivals(engine: Engine, hits: Sequence[Hit], candidates: Candidates) -> tuple[float, float]:
    """The mean match of the best passages of the ``RIVALS`` articles after the first hit's, and
    the share of them that had to be filled up with other passages.

    A second copy of the same story does not make the first less likely, so it is passed over.
    """
    best = hits[0]
    vectors = engine.vectors(best.row)
    seen = {best.passage.article}
    matches: list[float] = []
    for row, article, match in _after_the_first(engine, hits, candidates):
        if len(matches) == RIVALS:
            break
        if article in seen:
            continue
        seen.add(article)
        if float((engine.vectors(row) @ vectors.T).max()) < SAME_STORY:
            matches.append(match)
    crowded = 1 - len(matches) / RIVALS
    matches += [hit.match for hit in hits[1:]][: RIVALS - len(matches)]
    return sum(matches) / max(1, len(matches)), crowded


def _after_the_first(
    engine: Engine, hits: Sequence[Hit], candidates: Candidates
) -> Iterator[tuple[int, str, float]]:
    """Row, article and match of the other hits and of what comes behind them, best first.

    A candidate that was not reranked counts as one that matches like the worst of the hits.
    """
    for hit in hits[1:]:
        yield hit.row, hit.passage.article, hit.match
    least = min(hit.match for hit in hits)
    for row in candidates.rows[len(hits) :].tolist():
        yield row, engine.passage(row).article, least


def _bigrams(engine: Engine, query: Query, rare: Mapping[str, float], hit: Hit, text: str) -> float:
    """The share of the question's pairs of words that a hit has in one sentence.

    Args:
        rare: The rarity of each word that counts. Stop words are not in the index: in a pair, only
            that of the other word counts.
    """
    wanted = word_pairs(query.text, query.language)
    found: set[tuple[str, str]] = set()
    for span in engine.sentences(hit.row):
        found |= wanted & word_pairs(span.of(text), query.language)

    def weight(pairs: Collection[tuple[str, str]]) -> float:
        return float(sum(rare.get(first, 0.0) + rare.get(second, 0.0) for first, second in pairs))

    total = weight(wanted)
    return weight(found) / total if total else 0.0
