"""What only the engine in PostgreSQL does: a graph for many vectors, and what is read when."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine as Database

from retrieval.encoders import Floats
from retrieval.engines import IndexedPassage, WordStatistics
from retrieval.engines.embedded import EmbeddedEngine, dense
from retrieval.engines.living import Living
from retrieval.engines.postgres import PostgresEngine, queries, records
from retrieval.engines.postgres import engine as engines
from retrieval.errors import DamagedError
from tests.retrieval.engines.passages import CODEC, WORDS, cosines, passage, unit
from tests.retrieval.engines.postgres.indexes import Indexes

DIMENSIONS = 32
WANTED = 10
NO_WORDS = np.zeros((1, len(CODEC.basis)), dtype=np.float32)


def about_topics(count: int, seed: int = 7) -> tuple[list[IndexedPassage], Floats]:
    """Passages of one sentence, whose vectors lie around some middles, and some more vectors."""
    rng = np.random.default_rng(seed)
    middles = unit(np.random.default_rng(7), 40, DIMENSIONS)[rng.integers(0, 40, count + 12)]
    near = middles + 0.7 * unit(rng, count + 12, DIMENSIONS)
    vectors = near / np.linalg.norm(near, axis=1, keepdims=True)
    outlines = (
        passage(rng, rng.choice(WORDS, 4).tolist(), 1, f"article-{row}", row)
        for row in range(count)
    )
    return [
        replace(item, encoding=replace(item.encoding, vectors=vector[None].astype(np.float16)))
        for item, vector in zip(outlines, vectors, strict=False)
    ], vectors[count:].astype(np.float32)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few sentences are many, and few passages that are left are not compared each."""
    monkeypatch.setattr(dense, "EXACT_UP_TO", 500)
    monkeypatch.setattr(engines, "_FEW", 100)


@pytest.fixture(scope="module")
def many(indexes: Indexes) -> tuple[list[IndexedPassage], Floats, PostgresEngine]:
    """A large segment beside others of the same collection, large and small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "EXACT_UP_TO", 500)
        indexes.build(about_topics(800, seed=1)[0])
        passages, vectors = about_topics(1500)
        built = indexes.build(passages)
        patch.setattr(dense, "EXACT_UP_TO", 10**6)
        indexes.build(about_topics(600, seed=2)[0])
    return passages, vectors, built


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the databases are asked meanwhile, but for how transactions begin and end."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *others: object) -> None:
        if "set_config" not in statement:
            asked.append(statement)

    event.listen(Database, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Database, "before_cursor_execute", note)


@pytest.mark.usefixtures("large")
class TestGraph:
    def test_it_finds_nearly_all_of_the_nearest_with_exact_scores(
        self, many: tuple[list[IndexedPassage], Floats, PostgresEngine]
    ) -> None:
        passages, vectors, engine = many
        exact = EmbeddedEngine.build(passages, CODEC)
        right = 0
        for vector in vectors:
            found = engine.candidates(vector, ["a", "b"], WANTED)
            everything = exact.scores(vector, ["a", "b"], found.rows)
            np.testing.assert_allclose(found.dense, everything.dense, atol=1e-5)
            np.testing.assert_allclose(found.lexical, everything.lexical, atol=1e-5)
            assert found.lexical_mean == pytest.approx(everything.lexical_mean, abs=1e-5)
            nearest = set(np.argsort(-cosines(passages, vector))[:WANTED].tolist())
            right += len(nearest & set(found.rows.tolist()))
            assert WANTED <= len(found.rows) <= 2 * WANTED
        assert right >= 0.95 * WANTED * len(vectors)

    def test_it_is_used(
        self, many: tuple[list[IndexedPassage], Floats, PostgresEngine], indexes: Indexes
    ) -> None:
        _, vectors, engine = many
        asked = {
            **engine._asked(vectors[0], ["a"], None),
            **{"collection": indexes.collection, "segment": engine._segment},
            **{"gone": [], "limit": WANTED, "sentences": 40},
        }
        statement = text(f"EXPLAIN {queries.best_of_many(DIMENSIONS).text}")
        settings = engines._searching(40)
        with indexes.servers.read(indexes.collection, settings=settings) as connection:
            plan = "\n".join(connection.execute(statement, asked).scalars())
        assert "Order By: ((vector)::halfvec" in plan

    def test_mean_and_deviation_are_nearly_those_of_all(
        self, many: tuple[list[IndexedPassage], Floats, PostgresEngine]
    ) -> None:
        passages, vectors, engine = many
        for vector in vectors[:4]:
            exact = cosines(passages, vector)
            found = engine.candidates(vector, [], WANTED)
            assert found.dense_mean == pytest.approx(float(exact.mean()), abs=0.02)
            assert found.dense_deviation == pytest.approx(float(exact.std()), rel=0.1)

    def test_the_scores_of_some_passages_are_exact(
        self, many: tuple[list[IndexedPassage], Floats, PostgresEngine]
    ) -> None:
        passages, vectors, engine = many
        exact = EmbeddedEngine.build(passages, CODEC)
        statistics = WordStatistics(5000, {"a": 17, "unknown": 3})
        for rows in (np.array([0, 700, 1499]), np.array([], dtype=np.int64)):
            asked = (vectors[0], ["a", "unknown", "a"], rows, statistics)
            found, expected = engine.scores(*asked), exact.scores(*asked)
            np.testing.assert_array_equal(found.rows, rows)
            np.testing.assert_allclose(found.dense, expected.dense, atol=1e-5)
            np.testing.assert_allclose(found.lexical, expected.lexical, atol=1e-5)

    @pytest.mark.parametrize("share", [0.02, 0.5, 0.9, 0.998])
    def test_where_all_that_was_nearest_is_gone_the_next_is_found(
        self, many: tuple[list[IndexedPassage], Floats, PostgresEngine], share: float
    ) -> None:
        passages, vectors, engine = many
        right = wanted = 0
        for vector in vectors[:4]:
            order = np.argsort(-cosines(passages, vector))
            gone = order[: int(share * len(order))]
            left = order[len(gone) :]
            living = Living(engine, gone)
            found = living.candidates(vector, [], WANTED)
            ids = {living.passage(int(row)).article for row in found.rows}
            best = {passages[row].passage.article for row in left[:WANTED]}
            assert len(found.rows) == min(WANTED, len(left))
            assert ids <= {passages[row].passage.article for row in left}
            right += len(best & ids)
            wanted += len(best)
        assert right >= 0.9 * wanted

    def test_asked_for_all_it_gives_all(
        self, many: tuple[list[IndexedPassage], Floats, PostgresEngine]
    ) -> None:
        passages, vectors, engine = many
        found = engine.candidates(vectors[0], ["a"], 10**6)
        assert found.rows.tolist() == list(range(len(passages)))
        np.testing.assert_allclose(found.dense, cosines(passages, vectors[0]), atol=1e-5)

    def test_of_equal_sentences_no_fewer_passages_are_found_than_wanted(
        self, indexes: Indexes
    ) -> None:
        rng = np.random.default_rng(3)
        one = passage(rng, ["a"], 60)
        same = np.repeat(one.encoding.vectors[:1], 60, axis=0)
        crowd = replace(one, encoding=replace(one.encoding, vectors=same))
        others = [passage(rng, ["b"], 2, f"article-{n}", n) for n in range(300)]
        engine = indexes.build([crowd, *others])
        found = engine.candidates(same[0].astype(np.float32), [], WANTED)
        assert len(found.rows) == WANTED
        assert 0 in found.rows


class TestReading:
    def test_a_question_takes_few_round_trips_and_the_same_one_again_fewer(
        self, indexes: Indexes
    ) -> None:
        passages, vectors = about_topics(60)
        engine = indexes.build(passages)

        def ask() -> list[str]:
            with statements() as asked:
                found = engine.candidates(vectors[0], ["a", "b"], 30)
                engine.token_matches(NO_WORDS, found.rows.tolist())
                for row in found.rows.tolist():
                    _ = engine.passage(row), engine.sentences(row), engine.vectors(row)
                    engine.tokens(row)
                engine.word_frequency(["a", "b"])
            return asked

        assert len(ask()) <= 3
        assert len(ask()) == 1

    def test_one_passage_after_another_is_read_in_few_round_trips(self, indexes: Indexes) -> None:
        passages, _ = about_topics(200)
        engine = indexes.build(passages)
        with statements() as asked:
            read = [engine.vectors(row) for row in range(len(engine))]
        assert len(asked) < 12
        for vectors, item in zip(read, passages, strict=True):
            np.testing.assert_array_equal(vectors, item.encoding.vectors)

    def test_what_is_kept_at_hand_is_bounded_and_right(
        self, indexes: Indexes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(records, "_AT_HAND", 10)
        passages, _ = about_topics(50)
        engine = indexes.build(passages)
        rows = np.random.default_rng(1).integers(0, 50, (20, 15)).tolist()

        def read(some: list[int]) -> bool:
            matches = engine.token_matches(NO_WORDS, some)
            return len(matches.starts) == len(some) + 1 and all(
                np.array_equal(engine.vectors(row), passages[row].encoding.vectors) for row in some
            )

        with ThreadPoolExecutor(4) as threads:
            assert all(threads.map(read, rows))
        assert len(engine._records._at_hand) <= 10

    def test_what_was_deleted_is_damaged(self, indexes: Indexes) -> None:
        passages, vectors = about_topics(20)
        engine = indexes.build(passages)
        with indexes.servers.write(indexes.collection) as connection:
            connection.execute(
                text("DELETE FROM segments WHERE segment = :segment"),
                {"segment": engine._segment},
            )
        for read in (
            lambda: engine.candidates(vectors[0], ["a"], 3),
            lambda: engine.scores(vectors[0], ["a"], np.array([1])),
            lambda: engine.word_frequency(["a"]),
            lambda: engine.vectors(0),
            lambda: engine.token_matches(NO_WORDS, [0]),
        ):
            with pytest.raises(DamagedError):
                read()
        with pytest.raises(DamagedError, match="missing"):
            indexes.open(engine._segment)

    def test_another_collection_has_no_such_segment(self, indexes: Indexes) -> None:
        passages, _ = about_topics(20)
        engine = indexes.build(passages)
        with pytest.raises(DamagedError, match="missing"):
            Indexes(indexes.servers, "server-2").open(engine._segment)
