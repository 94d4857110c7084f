"""From a question to ranked passages, each with the sentence in it that answers best.

Two steps: the best candidates of the dense and the lexical side on one scale, then late
interaction over them (ColBERT's MaxSim: Khattab and Zaharia 2020) with the vectors of the
encoder's own tokens, each question token weighted by how rare it is in the corpus. Where there is a
reranker, it has a say in the order of the first few.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import Candidates, Engine
from retrieval.expectations import Expectation
from retrieval.halves import to_single
from retrieval.languages import Language
from retrieval.rerankers import Reranker

CANDIDATES: Final = 50
RERANKED: Final = 30
"""Of the candidates: more cost time and changed nothing on two public sets."""
JUDGED: Final = 10
"""Of the reranked, those that a cross-encoder reads: it takes a pass of the model for each."""
LEXICAL_WEIGHT: Final = 1.0
QUOTED_PHRASE: Final = 0.15
"""Added to the score of a passage that has the words which the question quotes."""
_QUOTED: Final = re.compile(r"[\"“„«]([^\"“”„«»]{3,200})[\"”“»]")
_A_LITTLE: Final = 1e-6
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


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Attributes:
        score: What it is ranked by, from 0 to 1: how it matches, or the mean of that and of what
            the reranker says where there is one.
        match: The mean of how well the whole passage and how well its best sentence match the
            question's tokens.
        cosine: The highest of its sentences' cosines to the question.
        lexical: Its BM25 score.
        highlight: The sentences in it that answer best, one or two: ``[first, last]``.
    """

    row: int
    passage: Passage
    score: float
    match: float
    cosine: float
    lexical: float
    highlight: tuple[Span, ...]


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


def rerank(
    engine: Engine, query: Query, candidates: Candidates, text_of: Callable[[str], str]
) -> list[Hit]:
    """The first ``RERANKED`` candidates by late interaction, the others behind them as they were.

    A passage's score has two equal parts: the whole passage, in which each question token looks
    for its best match anywhere, and its best single sentence. The first alone favours passages
    that mention everything somewhere, the second alone those that say little else. A sentence
    that has the kind of words that the question asks for is preferred by what
    the expectation is worth.

    Args:
        text_of: The text of an article, by its id.
    """
    weights = token_weights(engine, query)
    phrases = query.phrases
    rows = candidates.rows.tolist()
    hits = []
    for place, matches in enumerate(sentence_matches(engine, query, rows[:RERANKED])):
        row = rows[place]
        passage = engine.passage(row)
        sentences = engine.sentences(row)
        each = weights @ matches
        if query.expectation is not None:
            text = text_of(passage.article)
            met = [query.meets(span.of(text)) for span in sentences]
            each += query.expectation.worth * np.array(met, dtype=np.float32)
        score = (float(weights @ matches.max(axis=1)) + float(each.max())) / 2
        if phrases:
            said = " ".join(passage.span.of(text_of(passage.article)).split()).casefold()
            score += QUOTED_PHRASE * sum(phrase in said for phrase in phrases) / len(phrases)
        first, last = _run(matches, weights, int(each.argmax()))
        hits.append(
            Hit(
                row=row,
                passage=passage,
                score=score,
                match=score,
                cosine=float(candidates.dense[place]),
                lexical=float(candidates.lexical[place]),
                highlight=tuple(sentences[first : last + 1]),
            )
        )
    hits.sort(key=lambda hit: -hit.score)
    for place in range(RERANKED, len(rows)):
        score = max(0.0, hits[-1].score - _A_LITTLE)
        hits.append(
            Hit(
                row=rows[place],
                passage=engine.passage(rows[place]),
                score=score,
                match=score,
                cosine=float(candidates.dense[place]),
                lexical=float(candidates.lexical[place]),
                highlight=tuple(engine.sentences(rows[place])[:1]),
            )
        )
    return hits


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
        replace(hit, score=(hit.score + said) / 2) for hit, said in zip(hits, judged, strict=True)
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


def sentence_matches(engine: Engine, query: Query, rows: Sequence[int]) -> list[Floats]:
    """For each passage the best cosine of each question token in each of its sentences.

    Each has shape ``(t, s)``. A sentence without tokens matches nothing: its column is zero.
    """
    passages = [engine.tokens(int(row)) for row in rows]
    if not passages:
        return []
    vectors = to_single(np.concatenate([tokens.vectors for tokens in passages]))
    sizes = np.concatenate([np.diff(tokens.starts) for tokens in passages])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    matches = np.zeros((len(query.token_ids), len(sizes)), dtype=np.float32)
    filled = np.flatnonzero(sizes)
    if len(filled) and len(query.token_ids):
        cosines = query.token_vectors @ vectors.T
        matches[:, filled] = np.maximum.reduceat(cosines, starts[filled], axis=1)
    ends = np.cumsum([len(tokens.starts) - 1 for tokens in passages])[:-1]
    return np.split(matches, ends, axis=1)


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
