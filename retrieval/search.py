"""From a question to ranked passages, each with the sentence in it that answers best.

Two steps: the best candidates of the dense and the lexical side on one scale, then late
interaction over them (ColBERT's MaxSim: Khattab and Zaharia 2020) with the vectors of the
encoder's own tokens, each question token weighted by how rare it is in the corpus. Where there is a
reranker, it has a say in the order of the first few.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import Candidates, Engine
from retrieval.expectations import Expectation
from retrieval.languages import Language
from retrieval.rerankers import Reranker

CANDIDATES: Final = 50
RERANKED: Final = 30
"""Of the candidates, at most: more cost time and changed nothing on two public sets."""
LEAST_RERANKED: Final = 15
"""With fewer, what the first passage's lead is taken over says less of whether it answers."""
WITHIN_REACH: Final = 5.5
"""How far a candidate may be behind the first, in fused scores, to be reranked beyond these.
What is farther behind became the first after all for 2 in 1,453 questions of the same sets. In a
large collection scores lie farther apart, so that it is the least that is reranked; with no more
than these the first passage was right as often on both sets."""
JUDGED: Final = 10
"""Of the reranked, those that a cross-encoder reads: it takes a pass of the model for each."""
LEXICAL_WEIGHT: Final = 1.0
QUOTED_PHRASE: Final = 0.15
"""Added to the score of a passage that has the words which the question quotes."""
_QUOTED: Final = re.compile(r"[\"“„«]([^\"“”„«»]{3,200})[\"”“»]")
RUN_GAIN: Final = 0.05
"""A neighbouring sentence is highlighted too when both together match better by so much."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it is searched for.

    Attributes:
        text: The question, behind those that it leans on.
        vector: Shape ``(d,)``, unit length.
        token_vectors: Shape ``(t, d)``; ``token_ids`` and ``importance`` have shape ``(t,)``.
        importance: How much each token counts beside its rarity: less than 1 for the words of an
            earlier question.
        words: What the lexical side looks for: not what only says which kind of answer is wanted.
        expectation: The kind of words that the question asks for, where it is a known one.
    """

    text: str
    language: Language
    vector: Floats
    token_vectors: Floats
    token_ids: Integers
    importance: Floats
    words: tuple[str, ...]
    expectation: Expectation | None = None

    @property
    def phrases(self) -> list[str]:
        """What the question has in quotation marks, where that is more than one word."""
        found = (" ".join(phrase.split()).casefold() for phrase in _QUOTED.findall(self.text))
        return [phrase for phrase in found if " " in phrase]

    def meets(self, sentence: str) -> bool:
        """Whether a sentence has the kind of words that the question asks for."""
        return self.expectation is not None and self.expectation.met_by(
            sentence, self.words, self.language
        )


class Hit(NamedTuple):
    """A passage that was found.

    Attributes:
        score: What it is ranked by, from 0 to 1: how it matches, or the mean of that and of what
            the reranker says where there is one.
        match: The mean of how well the whole passage and how well its best sentence match the
            question's tokens.
        best: The number of the sentence in it that answers best.
        matches: How well each of the question's tokens is matched in each of its sentences, shape
            ``(t, s)``.
    """

    row: int
    passage: Passage
    score: float
    match: float
    best: int
    matches: Floats


def find(engine: Engine, query: Query, limit: int = CANDIDATES) -> Candidates:
    """The ``limit`` passages that dense and lexical side together put first, best first."""
    candidates = engine.candidates(query.vector, query.words, limit)
    best = np.argsort(-fuse(candidates), kind="stable")[:limit]
    return candidates.only(best)


def fuse(candidates: Candidates) -> Floats:
    """One score for each candidate: ``z(dense) + z(lexical)``, shape ``(c,)``.

    Scores are fused rather than ranks: on two public sets rank fusion put the right passage first
    less often than BM25 alone.
    """
    dense = (candidates.dense - candidates.dense_mean) / candidates.dense_deviation
    lexical = (candidates.lexical - candidates.lexical_mean) / candidates.lexical_deviation
    fused: Floats = (dense + LEXICAL_WEIGHT * lexical).astype(np.float32)
    return fused


def within_reach(candidates: Candidates) -> int:
    """How many of the candidates, best first, may still turn out to be the best of all.

    Mostly a few stand out, and half of ``RERANKED`` do. Where none does, as in a question that the
    corpus does not answer, it is all of these.
    """
    fused = fuse(candidates)
    near = int(np.count_nonzero(fused >= fused[0] - WITHIN_REACH))
    return min(len(fused), RERANKED, max(LEAST_RERANKED, near))


def rerank(
    engine: Engine,
    query: Query,
    weights: Floats,
    candidates: Candidates,
    text_of: Callable[[str], str],
) -> list[Hit]:
    """The candidates that are ``within_reach``, or ``RERANKED`` of them where the question quotes
    words, by late interaction, best first.

    A passage's score has two equal parts: the whole passage, in which each question token looks
    for its best match anywhere, and its best single sentence. The first alone favours passages
    that mention everything somewhere, the second alone those that say little else. A sentence
    that has the kind of words that the question asks for is preferred by what
    the expectation is worth.

    Args:
        weights: Those of the question's tokens, as ``token_weights`` gives them.
        candidates: At least one, best first.
        text_of: The text of an article, by its id.
    """
    # Words that the question quotes may lift a passage from anywhere among the candidates.
    count = RERANKED if query.phrases else within_reach(candidates)
    rows = candidates.rows[:count].tolist()
    passages = [engine.passage(row) for row in rows]
    matches = engine.token_matches(query.token_vectors, rows)
    starts = matches.starts[:-1]
    each = weights @ matches.cosines
    found = list(zip(rows, passages, strict=True))
    each += _expected(engine, query, each, starts, found, text_of)
    whole = weights @ np.maximum.reduceat(matches.cosines, starts, axis=1)
    highest = np.maximum.reduceat(each, starts)
    scores = (whole + highest) / 2
    if phrases := query.phrases:
        scores += [_phrases_said(phrases, passage, text_of) for passage in passages]
    # Of each passage the first of its sentences that match like its best.
    equal = np.flatnonzero(each == np.repeat(highest, np.diff(matches.starts)))
    best = (equal[np.searchsorted(equal, starts)] - starts).tolist()
    order = np.argsort(-scores, kind="stable").tolist()
    scored = scores.tolist()
    return [
        Hit(
            row=rows[place],
            passage=passages[place],
            score=scored[place],
            match=scored[place],
            best=best[place],
            matches=matches.of(place),
        )
        for place in order
    ]


def _expected(
    engine: Engine,
    query: Query,
    each: Floats,
    starts: NDArray[np.int64],
    found: Sequence[tuple[int, Passage]],
    text_of: Callable[[str], str],
) -> Floats:
    """What each sentence is worth more for having the kind of words that the question asks for.

    Of a passage only those sentences are read that this would make its best.

    Args:
        each: How well each sentence matches, shape ``(s,)``, one passage's after another's.
        starts: Where each passage's sentences begin in them.
        found: The passages, each with its row.
    """
    more = np.zeros_like(each)
    if query.expectation is None:
        return more
    worth = query.expectation.worth
    for (row, passage), own, start in zip(found, np.split(each, starts[1:]), starts, strict=True):
        sentences, text = engine.sentences(row), text_of(passage.article)
        for place in np.flatnonzero(own >= own.max() - worth).tolist():
            if query.meets(sentences[place].of(text)):
                more[start + place] = worth
    return more


def _phrases_said(phrases: Sequence[str], passage: Passage, text_of: Callable[[str], str]) -> float:
    """What it is worth that a passage has the words which the question quotes."""
    said = " ".join(passage.span.of(text_of(passage.article)).split()).casefold()
    return QUOTED_PHRASE * sum(phrase in said for phrase in phrases) / len(phrases)


def highlight(engine: Engine, weights: Floats, hit: Hit) -> tuple[Span, ...]:
    """The sentences of a hit that answer best, one or two that follow each other.

    Args:
        weights: Those of the question's tokens, as ``token_weights`` gives them.
    """
    sentences = engine.sentences(hit.row)
    first, last = _run(hit.matches, weights, hit.best)
    return tuple(sentences[first : last + 1])


def reorder(
    reranker: Reranker, question: str, hits: Sequence[Hit], text_of: Callable[[str], str]
) -> list[Hit]:
    """The first ``JUDGED`` hits by the mean of their score and the reranker's, the others behind
    them as they were.

    Both scores are from 0 to 1, so that the mean needs no weight to be fitted for each model, and
    neither decides alone. The others count as judged like the worst of the first: each keeps its
    place behind, and none looks worse only because nobody has read it.

    Args:
        hits: Best first, as ``rerank`` gives them.
        text_of: The text of an article, by its id.
    """
    if not hits:
        return []
    first = hits[:JUDGED]
    judged = reranker.scores(question, [_read(hit.passage, text_of) for hit in first]).tolist()
    judged += [min(judged)] * (len(hits) - len(first))
    scored = [
        hit._replace(score=(hit.score + said) / 2) for hit, said in zip(hits, judged, strict=True)
    ]
    return sorted(scored, key=lambda hit: -hit.score)


def _read(passage: Passage, text_of: Callable[[str], str]) -> str:
    """A passage as a reranker reads it: under its heading, as it is searched."""
    text = text_of(passage.article)
    heading = passage.heading.of(text).lstrip("# ") + "\n" if passage.heading else ""
    return heading + passage.span.of(text)


def token_weights(engine: Engine, query: Query) -> Floats:
    """How much each question token says: its inverse passage frequency, summing to 1."""
    frequency = engine.token_frequency(query.token_ids)
    weights = rarity(frequency, len(engine)) * query.importance
    total = float(weights.sum())
    normalised: Floats = weights / total if total else weights
    return normalised


def rarity(frequency: NDArray[np.integer], size: int) -> Floats:
    """BM25's inverse document frequency of what occurs in ``frequency`` of ``size`` passages."""
    found: Floats = np.log(1 + (size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    return found


def _run(matches: Floats, weights: Floats, best: int) -> tuple[int, int]:
    """The best sentence, or it and the neighbour that adds most: first and last number."""
    alone = float(weights @ matches[:, best])
    gains = {
        other: float(weights @ np.maximum(matches[:, best], matches[:, other])) - alone
        for other in (best - 1, best + 1)
        if 0 <= other < matches.shape[1]
    }
    other = max(gains, key=lambda number: gains[number], default=best)
    if other == best or gains[other] <= RUN_GAIN:
        return best, best
    return min(best, other), max(best, other)
