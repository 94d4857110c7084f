"""Of what both sides find, what may still be the best is compared closely, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats
from retrieval.engines import Candidates, Engine, TokenMatches
from retrieval.engines.embedded.lexical import starts_of
from retrieval.expectations import expectation_of
from retrieval.languages import ENGLISH
from retrieval.search import LEAST_RERANKED, RERANKED, WITHIN_REACH, Query, rerank, within_reach

SCORES = st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=80)


def candidates(scores: list[float]) -> Candidates:
    """Those that have these scores when both sides are fused, best first."""
    ordered = np.array(sorted(scores, reverse=True), dtype=np.float32)
    return Candidates(
        rows=np.arange(len(scores)),
        dense=ordered,
        lexical=np.zeros(len(scores), dtype=np.float32),
        dense_mean=0.0,
        dense_deviation=1.0,
        lexical_mean=0.0,
        lexical_deviation=1.0,
    )


def test_where_one_stands_out_only_the_least_are_compared() -> None:
    assert within_reach(candidates([20.0, *np.linspace(3, 2, 49)])) == LEAST_RERANKED


def test_where_none_stands_out_all_are_compared_that_ever_are() -> None:
    assert within_reach(candidates(list(np.linspace(3, 2, 50)))) == RERANKED


def test_those_that_are_near_the_first_are_compared_beyond_the_least() -> None:
    near = list(np.linspace(9, 9 - WITHIN_REACH, LEAST_RERANKED + 5))
    assert within_reach(candidates([*near, *[0.0] * 20])) == len(near)


@pytest.mark.parametrize("count", [1, 2, LEAST_RERANKED - 1])
def test_few_are_all_compared(count: int) -> None:
    assert within_reach(candidates([100.0, *[0.0] * (count - 1)])) == count


@given(SCORES)
def test_what_is_left_out_is_always_far_behind_or_beyond_the_most(scores: list[float]) -> None:
    ordered = sorted((float(np.float32(score)) for score in scores), reverse=True)
    count = within_reach(candidates(scores))
    assert 1 <= count <= RERANKED
    assert count == RERANKED or all(
        ordered[0] - score > WITHIN_REACH - 1e-4 for score in ordered[count:]
    )


DATED = "In 1066."
UNDATED = "At last."
PASSAGES = st.lists(
    st.lists(st.tuples(st.integers(0, 64), st.booleans()), min_size=1, max_size=8),
    min_size=1,
    max_size=LEAST_RERANKED,
)
"""Of each sentence how well it matches, in 64ths, and whether it has a date."""


class Dates:
    """An index of passages whose sentences match as they are told to."""

    def __init__(self, passages: Sequence[Sequence[tuple[int, bool]]]) -> None:
        self._passages = passages
        self.texts = ["".join(DATED if dated else UNDATED for _, dated in own) for own in passages]

    def passage(self, row: int) -> Passage:
        return Passage(str(row), 0, Span(0, len(self.texts[row])), None)

    def sentences(self, row: int) -> list[Span]:
        size = len(DATED)
        return [Span(place * size, (place + 1) * size) for place in range(len(self._passages[row]))]

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        own = [self._passages[row] for row in rows]
        cosines = np.array([[match / 64 for one in own for match, _ in one]], dtype=np.float32)
        return TokenMatches(cosines, starts_of([len(one) for one in own]))

    def text_of(self, article: str) -> str:
        return self.texts[int(article)]


def when() -> Query:
    question = "When was it?"
    expectation = expectation_of(question, ENGLISH)
    assert expectation is not None
    one: Any = np.ones(1, dtype=np.float32)
    return Query(question, ENGLISH, one, one[None], one, one, (), expectation)


@given(PASSAGES)
def test_a_sentence_with_the_words_that_are_expected_is_always_preferred_by_their_worth(
    passages: list[list[tuple[int, bool]]],
) -> None:
    query, index = when(), Dates(passages)
    assert query.expectation is not None
    worth = query.expectation.worth
    found = candidates([0.0] * len(passages))
    one = np.ones(1, dtype=np.float32)
    for hit in rerank(cast(Engine, index), query, one, found, index.text_of):
        own = passages[hit.row]
        preferred = [match / 64 + worth * dated for match, dated in own]
        assert hit.best == preferred.index(max(preferred))
        whole = max(match for match, _ in own) / 64
        assert hit.score == pytest.approx((whole + max(preferred)) / 2, abs=1e-6)


def test_a_sentence_is_not_read_that_could_not_become_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []
    meets = Query.meets

    def recorded(query: Query, sentence: str) -> bool:
        read.append(sentence)
        return meets(query, sentence)

    monkeypatch.setattr(Query, "meets", recorded)
    index = Dates([[(60, False)], [(60, True), (10, False), (59, True)]])
    one = np.ones(1, dtype=np.float32)
    rerank(cast(Engine, index), when(), one, candidates([0.0, 0.0]), index.text_of)
    assert read == [UNDATED, DATED, DATED]
