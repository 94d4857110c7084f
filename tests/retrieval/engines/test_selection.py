"""A selection finds the passages that were selected, with the scores that they have anyway."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.encoders import Floats
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.engines.selection import Selection
from tests.retrieval.engines.passages import CODEC, bm25, cosines, questions, several_passages


@settings(max_examples=40)
@given(
    passages=several_passages(),
    question=questions,
    limit=st.integers(1, 10),
    data=st.data(),
)
def test_it_finds_the_best_of_what_is_selected_and_nothing_else(
    passages: list[IndexedPassage],
    question: tuple[Floats, list[str]],
    limit: int,
    data: st.DataObject,
) -> None:
    vector, words = question
    rows = data.draw(st.sets(st.integers(0, len(passages) - 1), min_size=1))
    engine = EmbeddedEngine.build(passages, CODEC)
    selection = Selection(engine, np.array(sorted(rows)))
    found = selection.candidates(vector, words, limit)
    assert set(found.rows.tolist()) <= rows
    assert min(limit, len(rows)) <= len(found.rows) <= 2 * limit
    dense, lexical = cosines(passages, vector), bm25(passages, words)
    np.testing.assert_allclose(found.dense, dense[found.rows], atol=1e-5)
    np.testing.assert_allclose(found.lexical, lexical[found.rows], atol=1e-4)
    chosen = np.array(sorted(rows))
    best = chosen[np.argmax(dense[chosen])]
    assert dense[found.rows].max() == pytest.approx(dense[best])


@settings(max_examples=20)
@given(passages=several_passages(), question=questions)
def test_what_is_rare_and_what_is_ordinary_is_as_in_the_whole(
    passages: list[IndexedPassage], question: tuple[Floats, list[str]]
) -> None:
    vector, words = question
    engine = EmbeddedEngine.build(passages, CODEC)
    selection = Selection(engine, np.array([0]))
    assert len(selection) == len(engine)
    assert selection.word_frequency(words) == engine.word_frequency(words)
    found, whole = (e.candidates(vector, words, 1) for e in (selection, engine))
    assert found.rows.tolist() == [0]
    assert found.dense_mean == pytest.approx(whole.dense_mean)
    assert found.lexical_mean == pytest.approx(whole.lexical_mean)


@given(passages=several_passages())
@settings(max_examples=1)
def test_nothing_cannot_be_selected(passages: list[IndexedPassage]) -> None:
    with pytest.raises(ValueError, match="nothing to select"):
        Selection(EmbeddedEngine.build(passages, CODEC), np.array([], dtype=np.int64))
