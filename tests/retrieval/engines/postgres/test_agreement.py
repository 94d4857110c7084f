"""Both engines give the same candidates with the same scores, whatever they are asked together
with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.encoders import Floats
from retrieval.engines import Candidates, Engine, IndexedPassage, SegmentEngine, WordStatistics
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.engines.embedded.lexical import LexicalBuilder
from retrieval.engines.joined import JoinedEngine
from retrieval.engines.living import Living
from tests.retrieval.engines.passages import (
    CODEC,
    WORDS,
    frequency,
    passage,
    questions,
    several_passages,
    unit,
)
from tests.retrieval.engines.postgres.indexes import Indexes

Question = tuple[Floats, list[str]]
AGREED = 1e-5
"""How much scores may differ: questions are rounded, and sums are made in another order."""


def pair(
    indexes: Indexes, passages: Sequence[IndexedPassage], average_length: float | None = None
) -> tuple[SegmentEngine, SegmentEngine]:
    """Both engines over the same passages."""
    return (
        indexes.build(passages, average_length),
        EmbeddedEngine.build(passages, CODEC, average_length),
    )


def assert_agree(
    ours: Engine,
    theirs: Engine,
    question: Question,
    limit: int,
    statistics: WordStatistics | None = None,
) -> None:
    vector, words = question
    found, expected = (e.candidates(vector, words, limit, statistics) for e in (ours, theirs))
    everything = theirs.candidates(vector, words, len(theirs), statistics)
    assert (np.diff(found.rows) > 0).all()
    assert_alike(found, everything.only(found.rows))
    # Of passages that are as good as the last, either may be taken.
    for row in set(found.rows.tolist()) ^ set(expected.rows.tolist()):
        bars = (np.sort(-each)[min(limit, len(theirs)) - 1] for each in both(everything))
        near = [abs(-each[row] - bar) for each, bar in zip(both(everything), bars, strict=True)]
        assert min(near) <= AGREED
    rows = np.arange(0, len(theirs), 2)
    assert_alike(
        ours.scores(vector, words, rows, statistics),
        theirs.scores(vector, words, rows, statistics),
    )


def both(found: Candidates) -> tuple[Floats, Floats]:
    return found.dense, found.lexical


def assert_alike(found: Candidates, expected: Candidates) -> None:
    np.testing.assert_array_equal(found.rows, expected.rows)
    for name in (
        *("dense", "lexical"),
        *("dense_mean", "dense_deviation", "lexical_mean", "lexical_deviation"),
    ):
        ours, theirs = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, atol=AGREED, err_msg=name)


@settings(max_examples=60)
@given(
    passages=several_passages(shortest=0, longest=6),
    question=questions,
    limit=st.integers(1, 12),
    average=st.none() | st.floats(1, 20),
)
def test_of_one_segment(
    indexes: Indexes,
    passages: list[IndexedPassage],
    question: Question,
    limit: int,
    average: float | None,
) -> None:
    ours, theirs = pair(indexes, passages, average)
    assert_agree(ours, theirs, question, limit)
    assert ours.average_length == pytest.approx(theirs.average_length)
    assert list(ours.article_ids) == list(theirs.article_ids)
    for mine, others in zip(ours.spans(), theirs.spans(), strict=True):
        np.testing.assert_array_equal(mine, others)


@settings(max_examples=25)
@given(
    passages=several_passages(shortest=1, longest=6),
    others=several_passages(),
    question=questions,
    limit=st.integers(1, 12),
)
def test_with_the_statistics_of_a_larger_collection(
    indexes: Indexes,
    passages: list[IndexedPassage],
    others: list[IndexedPassage],
    question: Question,
    limit: int,
) -> None:
    everything = [*passages, *others]
    counts = {word: frequency(everything, word) for word in question[1]}
    statistics = WordStatistics(len(everything), counts)
    assert_agree(*pair(indexes, passages), question, limit, statistics)


@settings(max_examples=25)
@given(
    parts=st.lists(several_passages(shortest=1, longest=6), min_size=2, max_size=3),
    question=questions,
    limit=st.integers(1, 12),
    data=st.data(),
)
def test_of_several_segments_from_which_some_articles_are_gone(
    indexes: Indexes,
    parts: list[list[IndexedPassage]],
    question: Question,
    limit: int,
    data: st.DataObject,
) -> None:
    ours: list[Engine] = []
    theirs: list[Engine] = []
    for part in parts:
        engines = pair(indexes, part, 4.0)
        ids = sorted({item.passage.article for item in part})
        gone = data.draw(st.sets(st.sampled_from(ids), max_size=len(ids) - 1))
        for made, engine in zip((ours, theirs), engines, strict=True):
            made.append(Living(engine, engine.rows_of(gone)) if gone else engine)
    assert_agree(JoinedEngine(ours), JoinedEngine(theirs), question, limit)


def test_words_of_any_bytes_and_any_length_are_told_apart(indexes: Indexes) -> None:
    odd: list[str] = [
        "\ud800",
        "\ud83d\ude00",
        "\U0001f600",
        "\0",
        "a\0",
        "é",
        "e\u0301",
        " ",
        "x" * 100_000,
    ]
    odd += ["x" * 100_001, "y" * 255, "y" * 256]
    rng = np.random.default_rng(1)
    passages = [passage(rng, [word, *WORDS[:2]]) for word in odd]
    ours, theirs = pair(indexes, passages)
    vector = unit(rng, 8)
    for row, word in enumerate(odd):
        found = ours.candidates(vector, [word], len(odd))
        assert np.flatnonzero(found.lexical).tolist() == [row]
        assert_alike(found, theirs.candidates(vector, [word], len(odd)))
    assert ours.word_frequency([*odd, "", "x"]) == [*([1] * len(odd)), 0, 0]


def test_a_word_is_scored_by_the_average_length_it_was_written_with(indexes: Indexes) -> None:
    builder = LexicalBuilder()
    builder.add(["a"])
    rng = np.random.default_rng(1)
    passages = [passage(rng, ["a", *["b"] * number]) for number in range(4)]
    short, long = (indexes.build(passages, average) for average in (1.0, 50.0))
    vector = unit(rng, 8)
    first, second = (each.candidates(vector, ["a"], 4).lexical for each in (short, long))
    assert (second > first).all()
