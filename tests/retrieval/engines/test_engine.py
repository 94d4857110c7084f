"""What every engine does, whatever it keeps its passages in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.encoders import Floats
from retrieval.engines import Candidates, Engine, IndexedPassage, WordStatistics
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.engines.joined import JoinedEngine
from retrieval.engines.selection import Selection
from tests.retrieval.engines.passages import (
    CODEC,
    DIMENSIONS,
    WORDS,
    bm25,
    cosines,
    frequency,
    passage,
    questions,
    several_passages,
    unit,
)
from tests.retrieval.engines.postgres.indexes import Indexes

Build = Callable[[Sequence[IndexedPassage]], Engine]
Question = tuple[Floats, list[str]]


def built(passages: Sequence[IndexedPassage]) -> Engine:
    return EmbeddedEngine.build(passages, CODEC)


def written(passages: Sequence[IndexedPassage]) -> Engine:
    with TemporaryDirectory() as folder:
        EmbeddedEngine.write(iter(passages), Path(folder))
        return EmbeddedEngine.open(Path(folder), lambda _: CODEC, trusted=False)


def joined(passages: Sequence[IndexedPassage]) -> Engine:
    middle = (len(passages) + 1) // 2
    parts = [part for part in (passages[:middle], passages[middle:]) if part]
    return JoinedEngine([built(part) for part in parts])


def all_selected(passages: Sequence[IndexedPassage]) -> Engine:
    return Selection(joined(passages), np.arange(len(passages)))


IN_PROCESS: tuple[Build, ...] = (built, written, joined, all_selected)
IN_POSTGRES = "in_postgres"


@pytest.fixture(
    scope="module",
    params=[*IN_PROCESS, IN_POSTGRES],
    ids=[*(build.__name__ for build in IN_PROCESS), IN_POSTGRES],
)
def build(request: pytest.FixtureRequest) -> Build:
    """What makes an engine of each kind."""
    if request.param == IN_POSTGRES:
        indexes: Indexes = request.getfixturevalue("indexes")
        return indexes.build
    found: Build = request.param
    return found


def random_passages(count: int, words: Sequence[str] = WORDS) -> list[IndexedPassage]:
    rng = np.random.default_rng(count)
    return [
        passage(
            rng, rng.choice(words, 4).tolist(), 1 + number % 3, f"article-{number // 4}", number
        )
        for number in range(count)
    ]


def assert_sound(found: Candidates) -> None:
    assert len(found.rows) == len(found.dense) == len(found.lexical) > 0
    assert (np.diff(found.rows) > 0).all()
    assert np.isfinite(found.dense).all()
    assert np.isfinite(found.lexical).all()
    assert np.isfinite([found.dense_mean, found.lexical_mean]).all()
    assert found.dense_deviation > 0
    assert found.lexical_deviation > 0


@settings(max_examples=25)
@given(passages=several_passages())
def test_what_was_put_in_comes_out_in_its_order(
    build: Build, passages: list[IndexedPassage]
) -> None:
    engine = build(passages)
    assert len(engine) == len(passages)
    for row, item in enumerate(passages):
        assert engine.passage(row) == item.passage
        assert tuple(engine.sentences(row)) == item.sentences
        np.testing.assert_array_equal(engine.vectors(row), item.encoding.vectors)
        tokens = engine.tokens(row)
        np.testing.assert_array_equal(tokens.ids, item.encoding.token_ids)
        np.testing.assert_array_equal(np.diff(tokens.starts), item.encoding.counts)
    ids = {item.passage.article for item in passages}
    for id_ in ids:
        of_it = [row for row, item in enumerate(passages) if item.passage.article == id_]
        assert engine.rows_of({id_}).tolist() == of_it
    assert engine.rows_of(ids).tolist() == list(range(len(passages)))
    assert engine.rows_of({"unknown"}).tolist() == []


@settings(max_examples=25)
@given(passages=several_passages(), question=questions, data=st.data())
def test_a_word_of_a_question_is_matched_with_the_best_token_of_each_sentence(
    build: Build, passages: list[IndexedPassage], question: Question, data: st.DataObject
) -> None:
    engine = build(passages)
    vectors = np.stack([question[0], -question[0]])
    rows = data.draw(st.lists(st.integers(0, len(passages) - 1), max_size=8))
    found = engine.token_matches(vectors, rows)
    assert len(found.starts) == len(rows) + 1
    for place, row in enumerate(rows):
        encoding, matches = passages[row].encoding, found.of(place)
        assert matches.shape == (2, len(encoding.counts))
        tokens = np.split(CODEC.decode(encoding.codes), np.cumsum(encoding.counts)[:-1])
        for sentence, own in enumerate(tokens):
            exact = (CODEC.project(vectors) @ own.T).max(axis=1) if len(own) else np.zeros(2)
            np.testing.assert_allclose(matches[:, sentence], exact, atol=1e-5)
    none = engine.token_matches(vectors[:0], rows)
    assert none.cosines.shape == (0, found.starts[-1])


@settings(max_examples=25)
@given(passages=several_passages())
def test_words_and_tokens_are_counted_once_a_passage(
    build: Build, passages: list[IndexedPassage]
) -> None:
    engine = build(passages)
    asked = [*WORDS, "unknown", "", WORDS[0]]
    assert engine.word_frequency(asked) == [frequency(passages, word) for word in asked]
    assert engine.word_frequency([]) == []
    ids = np.array([3, 0, 19, 10_000, -1, 3], dtype=np.int32)
    held = [set(item.encoding.token_ids.tolist()) for item in passages]
    counted = [sum(int(id_) in own for own in held) for id_ in ids]
    assert engine.token_frequency(ids).tolist() == counted
    assert engine.token_frequency(ids[:0]).tolist() == []


@settings(max_examples=25)
@given(passages=several_passages(), question=questions)
def test_asked_for_all_it_gives_all_with_their_exact_scores(
    build: Build, passages: list[IndexedPassage], question: Question
) -> None:
    vector, words = question
    found = build(passages).candidates(vector, words, len(passages))
    assert_sound(found)
    assert found.rows.tolist() == list(range(len(passages)))
    dense, lexical = cosines(passages, vector), bm25(passages, words)
    np.testing.assert_allclose(found.dense, dense, atol=1e-5)
    np.testing.assert_allclose(found.lexical, lexical, atol=1e-4)
    scales = [
        (found.dense_mean, found.dense_deviation),
        (found.lexical_mean, found.lexical_deviation),
    ]
    exact = [(scores.mean(), scores.std()) for scores in (dense, lexical)]
    np.testing.assert_allclose(scales, exact, atol=1e-4)


@settings(max_examples=25)
@given(passages=several_passages(), question=questions, data=st.data())
def test_the_scores_of_some_passages_are_those_they_have_among_all(
    build: Build, passages: list[IndexedPassage], question: Question, data: st.DataObject
) -> None:
    vector, words = question
    engine = build(passages)
    chosen = data.draw(st.sets(st.integers(0, len(passages) - 1)))
    rows = np.array(sorted(chosen), dtype=np.int64)
    some, everything = engine.scores(vector, words, rows), engine.candidates(vector, words, 10**6)
    np.testing.assert_array_equal(some.rows, rows)
    np.testing.assert_allclose(some.dense, everything.dense[rows], atol=1e-6)
    np.testing.assert_allclose(some.lexical, everything.lexical[rows], atol=1e-6)
    assert some.dense_mean == pytest.approx(everything.dense_mean, abs=1e-6)
    assert some.lexical_deviation == pytest.approx(everything.lexical_deviation, abs=1e-6)


@settings(max_examples=25)
@given(passages=several_passages(), question=questions, limit=st.integers(1, 10))
def test_a_candidate_is_among_the_best_of_one_side(
    build: Build, passages: list[IndexedPassage], question: Question, limit: int
) -> None:
    vector, words = question
    found = build(passages).candidates(vector, words, limit)
    assert_sound(found)
    place = min(limit, len(passages)) - 1
    dense, lexical = cosines(passages, vector), bm25(passages, words)
    dense_bar, lexical_bar = np.sort(-dense)[place], np.sort(-lexical)[place]
    good = (-dense <= dense_bar + 1e-5) | ((-lexical <= lexical_bar + 1e-4) & (lexical > 0))
    best = (-dense < dense_bar - 1e-5) | (-lexical < lexical_bar - 1e-4)
    assert set(np.flatnonzero(best)) <= set(found.rows) <= set(np.flatnonzero(good))
    assert len(found.rows) <= 2 * limit


@settings(max_examples=25)
@given(passages=several_passages(), question=questions, others=several_passages())
def test_rarities_can_be_those_of_a_larger_collection(
    build: Build,
    passages: list[IndexedPassage],
    question: Question,
    others: list[IndexedPassage],
) -> None:
    vector, words = question
    everything = [*passages, *others]
    statistics = WordStatistics(
        len(everything), {word: frequency(everything, word) for word in words}
    )
    found = build(passages).candidates(vector, words, len(passages), statistics)
    assert_sound(found)
    exact = bm25(passages, words, among=everything)
    np.testing.assert_allclose(found.lexical, exact, atol=1e-4)
    np.testing.assert_allclose(found.lexical_mean, exact.mean(), atol=1e-4)


@settings(max_examples=50)
@given(passages=several_passages(shortest=1, longest=6), question=questions)
def test_with_its_own_statistics_an_index_finds_what_it_finds_without(
    build: Build, passages: list[IndexedPassage], question: Question
) -> None:
    vector, words = question
    engine = build(passages)
    own = WordStatistics(len(engine), {word: frequency(passages, word) for word in words})
    found, same = (engine.candidates(vector, words, 5, given) for given in (None, own))
    np.testing.assert_array_equal(found.rows, same.rows)
    np.testing.assert_array_equal(found.lexical, same.lexical)
    assert found.lexical_mean == same.lexical_mean
    assert found.lexical_deviation == same.lexical_deviation


@pytest.mark.parametrize("words", [[], ["unknown"], ["", " "]])
def test_words_that_say_nothing_leave_the_search_to_the_vectors(
    build: Build, words: list[str]
) -> None:
    passages = random_passages(12)
    vector = unit(np.random.default_rng(1), DIMENSIONS)
    found = build(passages).candidates(vector, words, 3)
    assert_sound(found)
    assert set(found.rows) == set(np.argsort(-cosines(passages, vector))[:3])
    assert not found.lexical.any()


def test_passages_without_words_are_found_by_their_vectors(build: Build) -> None:
    rng = np.random.default_rng(1)
    engine = build([passage(rng, []) for _ in range(4)])
    found = engine.candidates(engine.vectors(2)[0], ["a"], 1)
    assert found.rows.tolist() == [2]
    assert engine.word_frequency(["a"]) == [0]


def test_a_limit_beyond_the_index_gives_every_passage_once(build: Build) -> None:
    found = build(random_passages(5)).candidates(unit(np.random.default_rng(1), 8), ["a"], 1000)
    assert_sound(found)
    assert found.rows.tolist() == list(range(5))


def test_one_passage_is_an_index(build: Build) -> None:
    engine = build(random_passages(1, ["a"]))
    found = engine.candidates(engine.vectors(0)[0], ["a", "b"], 50)
    assert_sound(found)
    assert found.rows.tolist() == [0]
    assert found.dense[0] == pytest.approx(1, abs=1e-3)
    assert found.lexical[0] > 0


def test_threads_may_share_it(build: Build) -> None:
    engine = build(random_passages(60))
    vectors = unit(np.random.default_rng(1), 40, DIMENSIONS)

    def rows(vector: Floats) -> tuple[int, ...]:
        return tuple(engine.candidates(vector, ["a", "b"], 5).rows)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(rows, vectors)) == [rows(vector) for vector in vectors]
