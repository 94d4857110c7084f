"""Vectors: every cosine of a small index, and nearly the same nearest of a clustered one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.encoders import Floats, Halves
from retrieval.engines.embedded import dense
from retrieval.engines.embedded.dense import (
    DenseIndex,
    clustered,
    open_clusters,
    save_clusters,
)
from retrieval.engines.embedded.lexical import starts_of
from retrieval.halves import to_single
from tests.retrieval.engines.passages import unit

DIMENSIONS = 64
PASSAGES = 4000
FIRST = 10


@pytest.fixture(autouse=True)
def clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few vectors are clustered too, and not all of their clusters are looked into."""
    monkeypatch.setattr(dense, "EXACT_UP_TO", 1000)
    monkeypatch.setattr(dense, "_CLUSTER", 100)


def topics(rng: np.random.Generator, count: int) -> Halves:
    """Vectors around some middles, as sentences are around their topics."""
    middles = unit(np.random.default_rng(0), 60, DIMENSIONS)[rng.integers(0, 60, count)]
    near = middles + 0.7 * unit(rng, count, DIMENSIONS)
    found: Halves = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float16)
    return found


def starts(rng: np.random.Generator, passages: int) -> NDArray[np.int64]:
    return starts_of(rng.integers(1, 4, passages))


@pytest.fixture(scope="module")
def vectors() -> tuple[Halves, NDArray[np.int64]]:
    rng = np.random.default_rng(1)
    places = starts(rng, PASSAGES)
    return topics(rng, int(places[-1])), places


@pytest.fixture
def questions() -> Floats:
    return to_single(topics(np.random.default_rng(2), 40))


def exact(vectors: Halves, places: NDArray[np.int64], query: Floats) -> Floats:
    cosines = vectors.astype(np.float64) @ query
    best: Floats = np.maximum.reduceat(cosines, places[:-1]).astype(np.float32)
    return best


def test_few_vectors_need_no_clusters() -> None:
    rng = np.random.default_rng(1)
    assert clustered(topics(rng, dense.EXACT_UP_TO)) is None
    assert clustered(topics(rng, dense.EXACT_UP_TO + 1)) is not None


@pytest.mark.parametrize(("limit", "share"), [(FIRST, 0.9), (50, 0.98)])
def test_a_clustered_index_finds_nearly_all_of_the_nearest_with_exact_cosines(
    vectors: tuple[Halves, NDArray[np.int64]], questions: Floats, limit: int, share: float
) -> None:
    clusters = clustered(vectors[0])
    assert clusters is not None
    assert clusters.nprobe < clusters.nlist
    index = DenseIndex(*vectors, clusters)
    right = 0
    for query in questions:
        scores = index.scores(query)
        rows = scores.best(limit)
        cosines = exact(*vectors, query)
        assert len(rows) == len(set(rows.tolist())) == limit
        np.testing.assert_allclose(scores.of(rows), cosines[rows], atol=1e-5)
        right += len(set(rows.tolist()) & set(np.argsort(-cosines)[:FIRST].tolist()))
    assert right >= share * FIRST * len(questions)


def test_asked_for_all_a_clustered_index_gives_all_with_exact_cosines(
    vectors: tuple[Halves, NDArray[np.int64]], questions: Floats
) -> None:
    index = DenseIndex(*vectors, clustered(vectors[0]))
    scores = index.scores(questions[0])
    rows = scores.best(PASSAGES)
    assert sorted(rows.tolist()) == list(range(PASSAGES))
    np.testing.assert_allclose(scores.of(rows), exact(*vectors, questions[0])[rows], atol=1e-5)
    assert scores.of(rows[:0]).shape == (0,)


def test_mean_and_deviation_of_a_clustered_index_are_nearly_those_of_all(
    vectors: tuple[Halves, NDArray[np.int64]], questions: Floats
) -> None:
    index = DenseIndex(*vectors, clustered(vectors[0]))
    for query in questions[:5]:
        cosines = exact(*vectors, query)
        mean, deviation = index.scores(query).mean_and_deviation()
        assert mean == pytest.approx(float(cosines.mean()), abs=0.02)
        assert deviation == pytest.approx(float(cosines.std()), rel=0.1)


def test_the_same_vectors_make_the_same_clusters_and_the_same_find(
    vectors: tuple[Halves, NDArray[np.int64]], questions: Floats, tmp_path: Path
) -> None:
    first, second = clustered(vectors[0]), clustered(vectors[0])
    assert first is not None
    save_clusters(first, tmp_path / "clusters")
    kept = open_clusters(tmp_path / "clusters")
    assert kept.nprobe == first.nprobe
    indexes = [DenseIndex(*vectors, each) for each in (first, second, kept)]
    for query in questions[:10]:
        found = [sorted(index.scores(query).best(FIRST).tolist()) for index in indexes]
        assert found[0] == found[1] == found[2]


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clusters").write_bytes(b"nothing of the kind")
    with pytest.raises(RuntimeError):
        open_clusters(tmp_path / "clusters")


def test_of_equal_passages_no_more_are_found_than_wanted() -> None:
    rng = np.random.default_rng(3)
    one = topics(rng, 1)
    for count in (20, 1500):
        same = np.repeat(one, count, axis=0)
        index = DenseIndex(same, np.arange(count + 1), clustered(same))
        scores = index.scores(to_single(one)[0])
        rows = scores.best(FIRST)
        assert len(rows) == len(set(rows.tolist())) == FIRST
        assert np.ptp(scores.of(rows)) == 0
        assert scores.mean_and_deviation()[1] > 0, "it is divided by"


def test_what_is_not_left_is_not_found(
    vectors: tuple[Halves, NDArray[np.int64]], questions: Floats
) -> None:
    chance = np.random.default_rng(5)
    for clusters in (None, clustered(vectors[0])):
        index = DenseIndex(*vectors, clusters)
        for share in (0.001, 0.5):
            left = chance.random(PASSAGES) < share
            rows = index.scores(questions[0]).best(FIRST, left)
            assert left[rows].all()
            assert len(rows) == min(FIRST, int(left.sum()))


def test_the_vectors_of_a_passage_are_those_it_was_given(
    vectors: tuple[Halves, NDArray[np.int64]],
) -> None:
    all_vectors, places = vectors
    for clusters in (None, clustered(all_vectors)):
        index = DenseIndex(all_vectors, places, clusters)
        for row in (0, 17, PASSAGES - 1):
            np.testing.assert_array_equal(index.of(row), all_vectors[places[row] : places[row + 1]])
