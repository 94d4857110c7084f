"""From a question to ranked passages, the sentence that answers, and how sure that is.

Two steps: the best candidates of the dense and the lexical side on one scale, then late
interaction over them (ColBERT's MaxSim: Khattab and Zaharia 2020) with the vectors of the
encoder's own tokens, each question token weighted by how rare it is in the corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import Candidates, Engine
from retrieval.languages import Language

LEXICAL_WEIGHT: Final = 0.7
CANDIDATES: Final = 50
RERANKED: Final = 50
QUOTED_WITHIN: Final = 0.85


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it is searched for.

    Attributes:
        vector: Shape ``(d,)``, unit length.
        token_vectors: Shape ``(t, d)``; ``token_ids`` and ``importance`` have shape ``(t,)``.
        importance: How much each token counts beside its rarity: less than 1 for the words of an
            earlier question.
        words: What the lexical side looks for.
    """

    text: str
    language: Language
    vector: Floats
    token_vectors: Floats
    token_ids: Integers
    importance: Floats
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found.

    Attributes:
        score: What it is ranked by; higher is better.
        similarity: Weighted MaxSim, from 0 to 1: how well its tokens match the question's.
        highlight: The sentence in it that matches best.
    """

    row: int
    passage: Passage
    score: float
    similarity: float
    highlight: Span


def fuse(candidates: Candidates) -> Floats:
    """One score for each candidate: ``z(dense) + 0.7 z(lexical)``, shape ``(c,)``.

    Scores are fused rather than ranks: on two public sets rank fusion put the right passage first
    less often than BM25 alone.
    """
    dense = (candidates.dense - candidates.dense_mean) / candidates.dense_deviation
    lexical = (candidates.lexical - candidates.lexical_mean) / candidates.lexical_deviation
    fused: Floats = (dense + LEXICAL_WEIGHT * lexical).astype(np.float32)
    return fused


def find(engine: Engine, query: Query) -> list[tuple[int, float]]:
    """The candidates for a query as ``(row, fused score)``, best first."""
    candidates = engine.candidates(query.vector, query.words, CANDIDATES)
    scores = fuse(candidates)
    order = np.argsort(-scores, kind="stable")
    return [(int(candidates.rows[i]), float(scores[i])) for i in order]


def rerank(engine: Engine, query: Query, found: list[tuple[int, float]], limit: int) -> list[Hit]:
    """The first candidates by late interaction, the others behind them in the order found."""
    weights = token_weights(engine, query)
    head = [_hit(engine, query, weights, row) for row, _ in found[:RERANKED]]
    head.sort(key=lambda hit: -hit.score)
    lowest = head[-1].score if head else 0.0
    tail = [
        # Below every reranked passage, and in their own order.
        Hit(row, engine.passage(row), lowest - place * 1e-3, 0.0, engine.passage(row).span)
        for place, (row, _) in enumerate(found[RERANKED:limit], start=1)
    ]
    return [*head, *tail][:limit]


def token_weights(engine: Engine, query: Query) -> Floats:
    """How much each question token says: its inverse passage frequency, summing to 1."""
    frequency = engine.token_frequency(query.token_ids)
    size = len(engine)
    weights = np.log(1 + (size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    weights *= query.importance
    total = float(weights.sum())
    normalised: Floats = weights / total if total else weights
    return normalised


def sentence_matches(engine: Engine, query: Query, row: int) -> Floats:
    """The best cosine of each question token in each sentence of a passage, shape ``(t, s)``.

    A sentence without tokens matches nothing: its column is zero.
    """
    tokens = engine.tokens(row)
    matches = np.zeros((len(query.token_ids), len(tokens.starts) - 1), dtype=np.float32)
    filled = np.flatnonzero(np.diff(tokens.starts))
    if len(filled):
        cosines = query.token_vectors @ tokens.vectors.astype(np.float32).T
        matches[:, filled] = np.maximum.reduceat(cosines, tokens.starts[filled], axis=1)
    return matches


def _hit(engine: Engine, query: Query, weights: Floats, row: int) -> Hit:
    passage = engine.passage(row)
    matches = sentence_matches(engine, query, row)
    if not matches.size:
        return Hit(row, passage, 0.0, 0.0, passage.span)
    whole = float(weights @ matches.max(axis=1))
    each = weights @ matches
    best = int(each.argmax())
    return Hit(row, passage, (whole + float(each[best])) / 2, whole, engine.sentences(row)[best])


def confidence(engine: Engine, query: Query, hits: Sequence[Hit]) -> float:
    """How likely it is that the first hit answers, from 0 to 1."""
    return min(1.0, max(0.0, hits[0].similarity)) if hits else 0.0


def worth_quoting(hits: Sequence[Hit], limit: int) -> list[Hit]:
    """The first hit and those that come close to it, at most ``limit``."""
    return [hit for hit in hits[:limit] if hit.score >= QUOTED_WITHIN * hits[0].score]
