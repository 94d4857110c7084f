"""Of what both sides find, what may still be the best is compared closely, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.engines import Candidates
from retrieval.search import LEAST_RERANKED, RERANKED, WITHIN_REACH, within_reach

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
