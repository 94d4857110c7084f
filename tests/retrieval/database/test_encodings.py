"""KeptEncoding: exact to the bit, and never those of another text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from retrieval.database import EncodingStore, SQLiteDatabase
from retrieval.database.connection import VECTORS_NAME
from retrieval.encoders.kept import KeptEncoding

NOW = datetime(2031, 5, 1, tzinfo=UTC)
WIDTH = 4


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteDatabase]:
    made = SQLiteDatabase(tmp_path_factory.mktemp("encodings"))
    yield made
    made.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    made = SQLiteDatabase(tmp_path / "data")
    yield made
    made.close()


@st.composite
def encodings(draw: st.DrawFn) -> KeptEncoding:
    """Of one to three sentences, with any numbers that there are, nonsense ones too."""
    counts = draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    return KeptEncoding(
        vectors=draw(arrays.arrays(np.float16, (len(counts), WIDTH))),
        counts=np.array(counts, dtype=np.int32),
        token_ids=draw(arrays.arrays(np.int32, sum(counts))),
        codes=draw(arrays.arrays(np.uint8, (sum(counts), WIDTH))),
    )


def simple(number: int, sentences: int = 1) -> KeptEncoding:
    return KeptEncoding(
        vectors=np.full((sentences, WIDTH), number, dtype=np.float16),
        counts=np.full(sentences, 2, dtype=np.int32),
        token_ids=np.array([1, 2] * sentences, dtype=np.int32),
        codes=np.full((2 * sentences, WIDTH), number, dtype=np.uint8),
    )


def bits(found: KeptEncoding) -> list[bytes]:
    return [part.tobytes() for part in (found.vectors, found.counts, found.token_ids, found.codes)]


def execute(database: SQLiteDatabase, statement: str) -> None:
    """Change the file behind the database's back."""
    database.close()
    with closing(sqlite3.connect(database.folder / VECTORS_NAME)) as connection, connection:
        connection.execute(statement)


@settings(max_examples=25)
@given(st.dictionaries(st.text("0123456789abcdef", min_size=1, max_size=64), encodings()))
def test_what_is_kept_comes_back_bit_for_bit(
    shared: SQLiteDatabase, given: dict[str, KeptEncoding]
) -> None:
    store = EncodingStore(shared, "model")
    store.put(given, NOW)
    found = store.get(given)
    assert {key: bits(each) for key, each in found.items()} == {
        key: bits(each) for key, each in given.items()
    }
    assert store.intact([*given, "none"]) == set(given)
    for each in found.values():
        assert each.vectors.dtype == np.float16
        assert each.codes.shape[0] == len(each.token_ids) == each.counts.sum()


def test_more_than_a_query_may_ask_for_are_found(database: SQLiteDatabase) -> None:
    store = EncodingStore(database, "model")
    many = {f"{number:x}": simple(number % 200) for number in range(700)}
    store.put(many, NOW)
    assert bits(store.get(many)["2bb"]) == bits(many["2bb"])
    assert len(store.get(many)) == len(store.intact(many)) == 700


def test_each_model_has_its_own(database: SQLiteDatabase) -> None:
    one, other = EncodingStore(database, "one"), EncodingStore(database, "other")
    one.put({"a": simple(1)}, NOW)
    assert other.get(["a"]) == {}
    assert other.intact(["a"]) == set()
    other.put({"a": simple(2)}, NOW)
    assert bits(one.get(["a"])["a"]) == bits(simple(1))


def test_the_newer_ones_take_the_place_of_the_older(database: SQLiteDatabase) -> None:
    store = EncodingStore(database, "model")
    store.put({"a": simple(1)}, NOW)
    store.put({"a": simple(2, sentences=2)}, NOW)
    store.put({}, NOW)
    assert bits(store.get(["a"])["a"]) == bits(simple(2, sentences=2))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE encodings SET vectors = zeroblob(8) WHERE text_hash = 'a'",
        "UPDATE encodings SET token_codes = x'' WHERE text_hash = 'a'",
        "UPDATE encodings SET counts = x'00000000' WHERE text_hash = 'a'",
        "UPDATE encodings SET checksum = checksum + 1 WHERE text_hash = 'a'",
        "UPDATE encodings SET text_hash = 'c' WHERE text_hash = 'a'",
        "UPDATE encodings SET model = 'other' WHERE text_hash = 'a'",
    ],
)
def test_a_damaged_row_is_left_out(database: SQLiteDatabase, damage: str) -> None:
    store = EncodingStore(database, "model")
    store.put({"a": simple(1), "b": simple(2)}, NOW)
    execute(database, damage)
    assert set(store.get(["a", "b", "c"])) == {"b"}
    assert EncodingStore(database, "other").get(["a", "b", "c"]) == {}
    store.put({"a": simple(3)}, NOW)
    assert bits(store.get(["a"])["a"]) == bits(simple(3))


class TestForgetting:
    def test_what_no_passage_needs_is_deleted_once_it_is_old(
        self, database: SQLiteDatabase
    ) -> None:
        one, other = EncodingStore(database, "one"), EncodingStore(database, "other")
        for store in (one, other):
            store.put({"needed": simple(1), "old": simple(2)}, NOW)
        one.put({"young": simple(3)}, NOW + timedelta(hours=2))
        assert one.forget(lambda: {"needed"}, before=NOW + timedelta(hours=1)) == 2
        assert one.intact(["needed", "old", "young"]) == {"needed", "young"}
        assert other.intact(["needed", "old"]) == {"needed"}

    def test_what_is_needed_since_it_was_listed_stays(self, database: SQLiteDatabase) -> None:
        store = EncodingStore(database, "model")
        store.put({"a": simple(1)}, NOW)

        def needed() -> set[str]:
            assert store.intact(["a"]), "it is listed first"
            return {"a"}

        assert store.forget(needed, before=NOW + timedelta(days=1)) == 0
        assert store.intact(["a"]) == {"a"}


class TestDamage:
    @pytest.mark.parametrize(
        "content", [b"no database" * 500, b"SQLite format 3\0" + b"\xff" * 9000]
    )
    def test_a_damaged_database_is_begun_anew_and_that_is_said(
        self, database: SQLiteDatabase, content: bytes
    ) -> None:
        store = EncodingStore(database, "model")
        store.put({"a": simple(1)}, NOW)
        database.close()
        (database.folder / VECTORS_NAME).write_bytes(content)
        assert store.get(["a"]) == {}
        (notice,) = database.take_notices()
        assert "encodings were damaged" in notice
        store.put({"a": simple(1)}, NOW)
        assert store.intact(["a"]) == {"a"}
        assert database.take_notices() == ()

    def test_another_form_of_keeping_them_begins_anew_in_silence(
        self, database: SQLiteDatabase
    ) -> None:
        store = EncodingStore(database, "model")
        store.put({"a": simple(1)}, NOW)
        execute(database, "PRAGMA user_version = 999")
        assert store.get(["a"]) == {}
        assert database.take_notices() == ()

    @pytest.mark.parametrize("word", [b"encodings", b"token_codes", b"PRIMARY", b"text_hash"])
    def test_a_damaged_name_of_a_table_or_column_begins_them_anew(
        self, database: SQLiteDatabase, word: bytes
    ) -> None:
        store = EncodingStore(database, "model")
        store.put({"a": simple(1)}, NOW)
        database.close()
        path = database.folder / VECTORS_NAME
        content = path.read_bytes()
        path.write_bytes(content.replace(word, word[:-1] + b"Z"))
        assert store.get(["a"]) == {}
        store.put({"a": simple(1)}, NOW)
        assert store.intact(["a"]) == {"a"}

    @pytest.mark.parametrize("page", range(1, 13))
    def test_a_page_of_nonsense_costs_encodings_and_nothing_else(
        self, database: SQLiteDatabase, page: int
    ) -> None:
        store = EncodingStore(database, "model")
        many = {f"{number:064x}": simple(number, sentences=20) for number in range(60)}
        store.put(many, NOW)
        database.close()
        path = database.folder / VECTORS_NAME
        content = bytearray(path.read_bytes())
        assert len(content) > 13 * 4096
        content[page * 4096 : (page + 1) * 4096] = bytes(range(256)) * 16
        path.write_bytes(content)
        found = store.get(many)
        assert all(bits(found[key]) == bits(many[key]) for key in found)
        store.forget(lambda: set(many), before=NOW)
        store.put(many, NOW)
        assert all(bits(each) == bits(many[key]) for key, each in store.get(many).items())

    @settings(max_examples=25)
    @example(place=18, flipped=1)  # who may write it
    @example(place=19, flipped=4)  # who may read it
    @example(place=60, flipped=1)  # the version of the form
    @example(place=10167, flipped=128)  # a letter
    @example(place=126819, flipped=128)  # a letter of what the driver would say of it
    @given(place=st.integers(0, 1 << 17), flipped=st.integers(1, 255))
    def test_a_byte_that_flips_never_changes_an_encoding(
        self, tmp_path_factory: pytest.TempPathFactory, place: int, flipped: int
    ) -> None:
        database = SQLiteDatabase(tmp_path_factory.mktemp("flip"))
        store = EncodingStore(database, "model")
        many = {f"{number:064x}": simple(number, sentences=3) for number in range(30)}
        store.put(many, NOW)
        database.close()
        path = database.folder / VECTORS_NAME
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= flipped
        path.write_bytes(content)
        for _ in range(2):
            found = store.get(many)
            assert all(bits(found[key]) == bits(many[key]) for key in found)
            missing = {key: each for key, each in many.items() if key not in found}
            store.put(missing, NOW)
        database.close()
