"""An index without what is gone finds what an index over the rest finds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.encoders import Floats
from retrieval.engines import (
    Candidates,
    Engine,
    IndexedPassage,
    SegmentEngine,
    WordStatistics,
)
from retrieval.engines.embedded import EmbeddedEngine, dense
from retrieval.engines.living import Living
from tests.retrieval.engines.conftest import Make
from tests.retrieval.engines.passages import (
    CODEC,
    DIMENSIONS,
    WORDS,
    cosines,
    frequency,
    passage,
    questions,
    several_passages,
    unit,
)

Question = tuple[Floats, list[str]]


@dataclass(frozen=True)
class Pair:
    """What is left of an index, and an index of that."""

    living: Living
    fresh: SegmentEngine
    whole: SegmentEngine
    left: list[IndexedPassage]


@dataclass(frozen=True)
class Outline:
    """Some passages, and the articles of which some are gone."""

    passages: list[IndexedPassage]
    gone: set[str]

    def made(self, make: Make) -> Pair:
        # The average length is that of a collection, not of a segment: neither counts its own.
        whole = make(self.passages, 4.0)
        left = [item for item in self.passages if item.passage.article not in self.gone]
        living = Living(whole, whole.rows_of(self.gone))
        return Pair(living, make(left, 4.0), whole, left)


@st.composite
def outlines(draw: st.DrawFn) -> Outline:
    passages = draw(several_passages(shortest=0, longest=6, least=4))
    ids = sorted({item.passage.article for item in passages})
    gone = draw(st.sets(st.sampled_from(ids), min_size=1, max_size=len(ids) - 1))
    return Outline(passages, gone)


few = settings(max_examples=40)


@few
@given(outline=outlines(), vector=questions.map(lambda question: question[0]))
def test_a_row_has_what_it_has_in_an_index_of_the_rest(
    make: Make, outline: Outline, vector: Floats
) -> None:
    pair = outline.made(make)
    living, fresh = pair.living, pair.fresh
    assert len(living) == len(fresh)
    for row in range(len(fresh)):
        assert living.passage(row) == fresh.passage(row)
        assert living.sentences(row) == fresh.sentences(row)
        np.testing.assert_array_equal(living.vectors(row), fresh.vectors(row))
        np.testing.assert_array_equal(living.tokens(row).ids, fresh.tokens(row).ids)
        np.testing.assert_array_equal(living.tokens(row).starts, fresh.tokens(row).starts)
    rows = [*range(len(fresh)), 0]
    asked = np.stack([vector, -vector])
    ours, theirs = (engine.token_matches(asked, rows) for engine in (living, fresh))
    np.testing.assert_array_equal(ours.starts, theirs.starts)
    np.testing.assert_allclose(ours.cosines, theirs.cosines, atol=1e-6)


@few
@given(outline=outlines())
def test_the_rows_of_an_article_are_those_of_an_index_of_the_rest(
    make: Make, outline: Outline
) -> None:
    pair = outline.made(make)
    everything = {pair.whole.passage(row).article for row in range(len(pair.whole))}
    for asked in (set(), everything, {"unknown"}, *({id_} for id_ in everything)):
        assert pair.living.rows_of(asked).tolist() == pair.fresh.rows_of(asked).tolist()


@settings(max_examples=80)
@given(outline=outlines(), question=questions, limit=st.integers(1, 12))
def test_the_candidates_are_those_of_an_index_of_the_rest(
    make: Make, outline: Outline, question: Question, limit: int
) -> None:
    pair = outline.made(make)
    vector, words = question
    # With the same statistics: those of its own, it counts with what is gone.
    statistics = WordStatistics(
        len(pair.left), {word: frequency(pair.left, word) for word in words}
    )
    found, expected = (
        engine.candidates(vector, words, limit, statistics) for engine in (pair.living, pair.fresh)
    )
    everything = pair.fresh.candidates(vector, words, len(pair.fresh), statistics)
    assert_scored_alike(found, everything)
    assert (np.diff(found.rows) > 0).all()
    bar = np.sort(-everything.lexical)[min(limit, len(pair.fresh)) - 1]
    # Of passages with the same BM25 score as the last, either may be taken.
    for row in set(found.rows.tolist()) ^ set(expected.rows.tolist()):
        assert everything.lexical[row] == pytest.approx(-bar, abs=1e-5)


@few
@given(outline=outlines(), question=questions, data=st.data())
def test_the_scores_of_some_passages_are_those_of_an_index_of_the_rest(
    make: Make, outline: Outline, question: Question, data: st.DataObject
) -> None:
    pair = outline.made(make)
    vector, words = question
    statistics = WordStatistics(
        len(pair.left), {word: frequency(pair.left, word) for word in words}
    )
    chosen = data.draw(st.sets(st.integers(0, len(pair.fresh) - 1)))
    rows = np.array(sorted(chosen), dtype=np.int64)
    found = pair.living.scores(vector, words, rows, statistics)
    np.testing.assert_array_equal(found.rows, rows)
    assert_scored_alike(found, pair.fresh.candidates(vector, words, 10**6, statistics))


@few
@given(outline=outlines(), word=st.sampled_from(WORDS))
def test_one_word_puts_the_passages_in_the_order_of_an_index_of_the_rest(
    make: Make, outline: Outline, word: str
) -> None:
    pair = outline.made(make)
    vector = np.eye(DIMENSIONS, dtype=np.float32)[0]
    ours, theirs = (
        engine.candidates(vector, [word], 10**6).lexical for engine in (pair.living, pair.fresh)
    )
    # Each is as far above the others as its rarity makes it, which is not the same number.
    most = max(float(theirs.max()), 1e-6)
    np.testing.assert_allclose(ours, theirs * (float(ours.max()) / most), atol=1e-5)


@few
@given(outline=outlines())
def test_what_is_gone_may_still_be_counted_but_never_beyond_what_is_left(
    make: Make, outline: Outline
) -> None:
    pair = outline.made(make)
    asked = [*WORDS, "unknown"]
    exact = pair.fresh.word_frequency(asked)
    for word, count, own in zip(asked, pair.living.word_frequency(asked), exact, strict=True):
        assert own <= count <= min(len(pair.left), pair.whole.word_frequency([word])[0])
    ids = np.arange(-1, 22, dtype=np.int32)
    counted = pair.living.token_frequency(ids)
    assert (counted >= pair.fresh.token_frequency(ids)).all()
    assert (counted <= np.minimum(len(pair.left), pair.whole.token_frequency(ids))).all()


@few
@given(outline=outlines(), question=questions)
def test_an_ordinary_score_is_still_that_of_the_whole_index(
    make: Make, outline: Outline, question: Question
) -> None:
    pair = outline.made(make)
    found, whole = (engine.candidates(*question, 5) for engine in (pair.living, pair.whole))
    assert (found.dense_mean, found.dense_deviation) == (whole.dense_mean, whole.dense_deviation)
    assert found.lexical_mean == whole.lexical_mean
    assert found.lexical_deviation == whole.lexical_deviation


def test_an_index_of_which_nothing_is_left_is_none() -> None:
    rng = np.random.default_rng(1)
    whole = EmbeddedEngine.build([passage(rng, ["a"]), passage(rng, ["b"])], CODEC)
    with pytest.raises(ValueError, match="nothing is left"):
        Living(whole, np.arange(2))


@pytest.fixture
def clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small indexes are clustered too, and not all of their clusters are looked into."""
    monkeypatch.setattr(dense, "EXACT_UP_TO", 500)
    monkeypatch.setattr(dense, "_CLUSTER", 40)


@pytest.mark.parametrize("share", [0.02, 0.2, 0.6])
@pytest.mark.usefixtures("clusters")
def test_where_all_that_was_nearest_is_gone_the_next_is_found(share: float) -> None:
    passages, vectors = about_topics(2000)
    whole = EmbeddedEngine.build(passages, CODEC)
    wanted, right, right_in_fresh = 10, 0, 0
    for vector in vectors:
        order = np.argsort(-cosines(passages, vector))
        gone = order[: int(share * len(order))]
        left = [passages[row] for row in sorted(order[len(gone) :])]
        best = {passages[row].passage.article for row in order[len(gone) :][:wanted]}
        found = found_by(Living(whole, gone), vector, wanted)
        fresh = found_by(EmbeddedEngine.build(left, CODEC), vector, wanted)
        assert len(found) == len(set(found)) == wanted
        assert set(found) <= {item.passage.article for item in left}
        right += len(best & set(found))
        right_in_fresh += len(best & set(fresh))
    assert right >= right_in_fresh - 0.1 * wanted * len(vectors)


@pytest.mark.usefixtures("clusters")
def test_where_few_are_left_all_of_them_are_found_however_far_away() -> None:
    passages, vectors = about_topics(2000)
    whole = EmbeddedEngine.build(passages, CODEC)
    order = np.argsort(-cosines(passages, vectors[0]))
    living = Living(whole, order[:-3])
    farthest = [f"article-{row}" for row in order[-3:]]
    assert sorted(found_by(living, vectors[0], 10)) == sorted(farthest)


def about_topics(count: int) -> tuple[list[IndexedPassage], Floats]:
    """Passages of one sentence, whose vectors lie around some middles, and some more vectors."""
    rng = np.random.default_rng(7)
    near = unit(rng, 40, 64)[rng.integers(0, 40, count + 8)] + 0.7 * unit(rng, count + 8, 64)
    vectors = near / np.linalg.norm(near, axis=1, keepdims=True)
    outlines = (passage(rng, [], 1, f"article-{row}", row) for row in range(count))
    return [
        replace(item, encoding=replace(item.encoding, vectors=vector[None].astype(np.float16)))
        for item, vector in zip(outlines, vectors, strict=False)
    ], vectors[count:]


def found_by(engine: Engine, vector: Floats, limit: int) -> list[str]:
    found = engine.candidates(vector, [], limit)
    exact = engine.scores(vector, [], found.rows)
    np.testing.assert_allclose(found.dense, exact.dense, atol=1e-6)
    return [engine.passage(int(row)).article for row in found.rows]


def assert_scored_alike(found: Candidates, everything: Candidates) -> None:
    np.testing.assert_allclose(found.dense, everything.dense[found.rows], atol=1e-6)
    np.testing.assert_allclose(found.lexical, everything.lexical[found.rows], atol=1e-5)
