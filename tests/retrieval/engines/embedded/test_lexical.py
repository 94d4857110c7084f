"""The inverted index: any word that there can be, and the best found without looking at all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.engines import WordStatistics
from retrieval.engines.embedded import lexical
from retrieval.engines.embedded.columns import ColumnsInMemory
from retrieval.engines.embedded.lexical import LexicalBuilder, LexicalIndex, idf

WORDS = "abcdef"
HOSTILE = (
    "\ud800",
    "\ud83d\ude00",
    "\U0001f600",
    "\udfff",
    "\0",
    "\0\0",
    "a\0",
    "é",
    "e\u0301",
    "ي",
    "x" * 100_000,
    "x" * 100_001,
    " ",
    "\n",
)


def index(passages: Sequence[Sequence[str]], average_length: float | None = None) -> LexicalIndex:
    builder, columns = LexicalBuilder(), ColumnsInMemory()
    for words in passages:
        builder.add(words)
    builder.finish(columns, average_length)
    return LexicalIndex(columns.finish(), len(passages))


any_words = st.one_of(
    st.sampled_from([*HOSTILE, *WORDS]),
    st.text(st.characters(exclude_categories=()), max_size=4),
)
passages_of_any_words = st.lists(st.lists(any_words, max_size=8), min_size=1, max_size=12)


@settings(max_examples=80)
@given(passages=passages_of_any_words, others=st.lists(any_words, max_size=5))
def test_every_word_is_found_in_the_passages_that_have_it_and_in_no_other(
    passages: list[list[str]], others: list[str]
) -> None:
    made = index(passages)
    for word in {*others, *(word for words in passages for word in words)}:
        holders = [row for row, words in enumerate(passages) if word and word in words]
        assert made.frequency(word) == len(holders)
        assert np.flatnonzero(made.scores([word], None).values).tolist() == holders


def test_words_that_look_alike_in_bytes_are_told_apart() -> None:
    made = index([[word] for word in HOSTILE])
    for row, word in enumerate(HOSTILE):
        assert np.flatnonzero(made.scores([word], None).values).tolist() == [row]
    assert [made.frequency(word) for word in ("", "x", "\ud801", "x" * 99_999)] == [0, 0, 0, 0]


@given(
    counts=st.lists(st.integers(0, 3), min_size=1, max_size=6).filter(any),
    times=st.integers(1, 3),
)
def test_a_word_that_is_asked_again_counts_again(counts: list[int], times: int) -> None:
    made = index([["a"] * count + ["b"] for count in counts])
    once, again = (made.scores(["a"] * n, None).values for n in (1, times))
    np.testing.assert_allclose(again, times * once, rtol=1e-6)


def test_a_passage_scores_more_for_a_rarer_word_for_more_of_it_and_for_less_else() -> None:
    rare = index([["rare", "x"], ["often", "x"], ["often", "y"], ["z", "z"]])
    scores = rare.scores(["rare", "often"], None).values
    assert scores[0] > scores[1] == scores[2] > scores[3] == 0
    more = index([["a", "a", "x", "x"], ["a", "x", "x", "x"], ["a", "x", "x", "x", "x", "x"]])
    first, second, third = more.scores(["a"], None).values
    assert first > second > third > 0


def test_a_word_that_everything_has_is_still_worth_something() -> None:
    assert (index([["a"], ["a"]]).scores(["a"], None).values > 0).all()
    assert idf(10**9, 10**9) > 0


def test_the_average_length_can_be_that_of_a_collection() -> None:
    passages = [["a", "b"], ["a", "b", "c", "d"]]
    own, given_, longer = (index(passages, average) for average in (None, 3.0, 30.0))
    ours, same, others = (each.scores(["a"], None).values for each in (own, given_, longer))
    np.testing.assert_array_equal(ours, same)
    assert (others > ours).all(), "among long passages these are short"


@pytest.fixture
def pruning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "_PRUNED_FROM", 1)


@settings(max_examples=150)
@given(
    passages=st.lists(st.lists(st.sampled_from(WORDS), max_size=8), min_size=1, max_size=40),
    words=st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=4),
    limit=st.integers(1, 12),
    data=st.data(),
)
def test_the_best_are_the_best_whether_all_are_looked_at_or_not(
    passages: list[list[str]], words: list[str], limit: int, data: st.DataObject
) -> None:
    made = index(passages)
    scores = made.scores(words, None)
    is_left = data.draw(
        st.none() | st.lists(st.booleans(), min_size=len(passages), max_size=len(passages))
    )
    left = None if is_left is None else np.array(is_left, dtype=np.bool_)
    found: list[NDArray[np.int64]] = []
    for pruned_from in (1, 10**6):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lexical, "_PRUNED_FROM", pruned_from)
            found.append(scores.best(limit, left))
    counted = scores.values if left is None else np.where(left, scores.values, 0)
    expected = np.sort(counted)[::-1][:limit]
    for rows in found:
        assert len(set(rows.tolist())) == len(rows)
        # Of equal ones either may be taken, so that it is the scores that are compared.
        np.testing.assert_array_equal(
            np.sort(counted[rows])[::-1], expected[expected > 0], strict=True
        )


@pytest.mark.usefixtures("pruning")
def test_where_more_are_wanted_than_hold_the_rarest_word_the_others_are_found_too() -> None:
    made = index([["rare"], ["often"], ["often", "often"], ["often"], ["nothing"]])
    found = made.scores(["rare", "often"], None).best(4)
    assert sorted(found.tolist()) == [0, 1, 2, 3]


@given(
    passages=st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=1, max_size=12),
    words=st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=4),
)
def test_mean_and_deviation_are_over_all_passages(
    passages: list[list[str]], words: list[str]
) -> None:
    statistics = WordStatistics(1000, dict.fromkeys([*WORDS, "unknown"], 20))
    scores = index(passages).scores(words, statistics)
    mean, deviation = scores.mean_and_deviation()
    exact = scores.values.astype(np.float64)
    assert mean == pytest.approx(exact.mean(), abs=1e-5)
    assert deviation == pytest.approx(exact.std(), abs=0.01)
