"""Engines that are asked as one answer as one index over all their passages would."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.encoders import Floats
from retrieval.engines import Engine, IndexedPassage
from retrieval.engines.joined import JoinedEngine
from tests.retrieval.engines.conftest import Make
from tests.retrieval.engines.passages import passage, questions, several_passages, unit

Question = tuple[Floats, list[str]]
Split = list[list[IndexedPassage]]


@st.composite
def splits(draw: st.DrawFn, *, shortest: int = 4, longest: int = 4) -> Split:
    """Passages in two or three parts, none of them empty."""
    passages = draw(several_passages(shortest=shortest, longest=longest, least=3))
    cuts = draw(st.lists(st.integers(1, len(passages) - 1), min_size=1, max_size=2, unique=True))
    edges = [0, *sorted(cuts), len(passages)]
    return [passages[start:end] for start, end in pairwise(edges)]


def whole(make: Make, parts: Split) -> Engine:
    return make([item for part in parts for item in part])


def join(make: Make, parts: Sequence[Sequence[IndexedPassage]]) -> JoinedEngine:
    return JoinedEngine([make(part) for part in parts])


@settings(max_examples=40)
@given(parts=splits(), question=questions, limit=st.integers(1, 12))
def test_the_candidates_are_those_of_one_index(
    make: Make, parts: Split, question: Question, limit: int
) -> None:
    vector, words = question
    one, several = whole(make, parts), join(make, parts)
    expected = one.candidates(vector, words, limit)
    found = several.candidates(vector, words, limit)
    everything = one.candidates(vector, words, len(one))
    bar = np.sort(-everything.lexical)[min(limit, len(one)) - 1]
    # Of passages with the same BM25 score as the last, either may be taken.
    for row in set(expected.rows.tolist()) ^ set(found.rows.tolist()):
        assert everything.lexical[row] == pytest.approx(-bar, abs=1e-5)
    np.testing.assert_allclose(found.dense, everything.dense[found.rows], atol=1e-6)
    np.testing.assert_allclose(found.lexical, everything.lexical[found.rows], atol=1e-5)
    assert found.dense_mean == pytest.approx(expected.dense_mean, abs=1e-5)
    assert found.dense_deviation == pytest.approx(expected.dense_deviation, abs=1e-5)
    assert found.lexical_mean == pytest.approx(expected.lexical_mean, abs=1e-5)
    assert found.lexical_deviation == pytest.approx(expected.lexical_deviation, abs=1e-5)


@settings(max_examples=30)
@given(parts=splits(shortest=1, longest=8), question=questions)
def test_a_lexical_score_differs_by_no_more_than_the_average_length_does(
    make: Make, parts: Split, question: Question
) -> None:
    vector, words = question
    one, several = whole(make, parts), join(make, parts)
    expected = one.candidates(vector, words, len(one)).lexical
    found = several.candidates(vector, words, len(one)).lexical
    average = np.mean([len(item.words) for part in parts for item in part])
    own = np.concatenate(
        [np.full(len(part), np.mean([len(item.words) for item in part])) for part in parts]
    )
    ratio = np.maximum(own / average, average / own)
    assert (found <= expected * ratio + 1e-5).all()
    assert (found >= expected / ratio - 1e-5).all()


@settings(max_examples=20)
@given(parts=splits(), question=questions, limit=st.integers(1, 12))
def test_joins_can_be_joined(make: Make, parts: Split, question: Question, limit: int) -> None:
    vector, words = question
    first, *others = parts
    nested = JoinedEngine([make(first), join(make, others)])
    flat = join(make, parts)
    for row in range(len(flat)):
        assert nested.passage(row) == flat.passage(row)
    everything = [engine.candidates(vector, words, 100) for engine in (nested, flat)]
    np.testing.assert_allclose(everything[0].lexical, everything[1].lexical, atol=1e-5)
    np.testing.assert_allclose(everything[0].dense, everything[1].dense, atol=1e-6)


@settings(max_examples=20)
@given(passages=several_passages(shortest=1, longest=6), question=questions)
def test_a_join_of_one_is_that_one(
    make: Make, passages: list[IndexedPassage], question: Question
) -> None:
    vector, words = question
    engine = make(passages)
    expected = engine.candidates(vector, words, 3)
    found = JoinedEngine([engine]).candidates(vector, words, 3)
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.lexical, expected.lexical)
    assert found.lexical_deviation == expected.lexical_deviation
    assert found.dense_mean == expected.dense_mean


def test_a_word_is_as_rare_in_a_small_collection_as_in_all_together(make: Make) -> None:
    rng = np.random.default_rng(1)
    small = [passage(rng, ["common", "rare"]), passage(rng, ["other", "words"])]
    large = [passage(rng, ["common", "x"]) for _ in range(100)]
    vector = unit(rng, 8)
    alone, together = make(small), join(make, [small, large])

    def scores(engine: Engine, word: str) -> Floats:
        return engine.candidates(vector, [word], 102).lexical

    assert scores(alone, "common")[0] == scores(alone, "rare")[0]
    common = scores(together, "common")
    assert scores(together, "rare")[0] > 50 * common[0] > 0
    np.testing.assert_allclose(common[2:], common[0], rtol=1e-4)


def test_the_worse_collection_does_not_fill_up_the_candidates(make: Make) -> None:
    rng = np.random.default_rng(1)
    near = [passage(rng, ["asked"]) for _ in range(6)]
    far = [passage(rng, ["other"]) for _ in range(6)]
    vector = near[0].encoding.vectors[0].astype(np.float32)
    found = join(make, [near, far]).candidates(vector, ["asked"], 2)
    assert 0 in found.rows
    assert len(found.rows) <= 4


def test_articles_can_have_another_id_in_the_join(make: Make) -> None:
    rng = np.random.default_rng(1)
    own = [passage(rng, ["a"], article="news"), passage(rng, ["a"], article="sports")]
    engines = [make(own), make(own)]
    engine = JoinedEngine(engines, [{}, {"news": "shared/news"}])
    ids = [engine.passage(row).article for row in range(len(engine))]
    assert ids == ["news", "sports", "shared/news", "sports"]
    assert engine.passage(2).span == engine.passage(0).span


@pytest.mark.parametrize("row", [-1, 4])
def test_a_row_that_is_not_there_is_an_error(make: Make, row: int) -> None:
    rng = np.random.default_rng(1)
    engine = join(make, [[passage(rng, ["a"])] * 2] * 2)
    with pytest.raises(IndexError):
        engine.passage(row)


def test_nothing_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="nothing to join"):
        JoinedEngine([])


def test_each_engine_has_its_names_or_none_has(make: Make) -> None:
    engine = make([passage(np.random.default_rng(1), ["a"])])
    with pytest.raises(ValueError, match="names"):
        JoinedEngine([engine, engine], [{}])
