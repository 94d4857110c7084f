"""From sentences that could be quoted to the few that together say the most.

Two things are covered. What the text is about: every sentence should have one like it in the
summary (facility location: Lin and Bilmes 2011, over the encoder's vectors). And what it names:
the summary should hold the words that this text repeats and others do not. Sentences are taken one
by one, each time the one that adds most; as what is covered already adds nothing, the same is not
said twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers

_NAMES: Final = 2.0
_LEAD: Final = 0.05
"""Weights beside what a sentence covers of the meaning; see tests/benchmarks/summaries.py."""

_NAMES_OF_MANY: Final = 0.5
"""Of several articles: with more, their oddest details came first rather than what they are about.
"""

_LEAD_FADES: Final = 10.0
_THE_SAME: Final = 0.95
"""Cosine from which two sentences count as one, printed twice."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that could be chosen.

    Attributes:
        vector: What it says, shape ``(d,)``, unit length.
        ids: The vocabulary entries in it; ``rarity``, of the same shape, how much each one says.
        place: Where it stands in its article, from 0 to 1.
        fit: How well it fits the topic, from 0 to 1; 0 where there is none.
    """

    passage: Passage
    span: Span
    vector: Floats
    ids: Integers
    rarity: Floats
    place: float
    fit: float = 0.0


def choose(
    candidates: Sequence[Candidate], count: int, *, in_turn: bool
) -> list[tuple[Candidate, float]]:
    """At most ``count`` of the candidates in the order taken, each with what it added.

    Args:
        in_turn: Whether every article has its turn before one has a second.
    """
    if not candidates or count < 1:
        return []
    vectors = np.stack([candidate.vector for candidate in candidates])
    alike = np.maximum(vectors @ vectors.T, 0)
    holds, weights = _names(candidates)
    places = np.array([candidate.place for candidate in candidates], dtype=np.float32)
    fits = np.array([candidate.fit for candidate in candidates], dtype=np.float32)
    own_worth = fits + _LEAD * np.exp(-_LEAD_FADES * places)
    owners = np.unique([c.passage.article for c in candidates], return_inverse=True)[1]
    names_weight = _NAMES if owners.max() == 0 else _NAMES_OF_MANY
    turns = np.zeros(int(owners.max()) + 1, dtype=np.int64)
    covered = np.zeros(len(candidates), dtype=np.float32)
    is_left = np.ones(len(candidates), dtype=np.bool_)
    chosen: list[tuple[Candidate, float]] = []
    while len(chosen) < count and is_left.any():
        left = np.flatnonzero(is_left)
        if in_turn:
            left = left[turns[owners[left]] == turns[owners[left]].min()]
        meaning = np.maximum(alike[left] - covered, 0).mean(axis=1)
        names = np.array([weights[holds[number]].sum() for number in left])
        gains = meaning + names_weight * names + own_worth[left]
        best = int(left[gains.argmax()])
        chosen.append((candidates[best], float(gains.max())))
        covered = np.maximum(covered, alike[best])
        weights[holds[best]] = 0
        turns[owners[best]] += 1
        is_left &= alike[best] < _THE_SAME
        is_left[best] = False
    return chosen


def _names(candidates: Sequence[Candidate]) -> tuple[list[Integers], Floats]:
    """Which names each candidate holds, as places in a list of their weights, which sum to 1."""
    ids, places = np.unique(np.concatenate([c.ids for c in candidates]), return_inverse=True)
    rarity = np.zeros(len(ids), dtype=np.float32)
    rarity[places] = np.concatenate([candidate.rarity for candidate in candidates])
    weights = (np.bincount(places, minlength=len(ids)) * rarity).astype(np.float32)
    ends = np.cumsum([len(candidate.ids) for candidate in candidates])[:-1]
    holds = [np.unique(part).astype(np.int32) for part in np.split(places, ends)]
    return holds, weights / max(float(weights.sum()), 1e-6)
