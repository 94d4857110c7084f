"""Copies of databases: the same to the last row, in whatever kind of database they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.database import CollectionStore, Database, EncodingStore, SQLiteDatabase
from retrieval.database.contents import Digest
from retrieval.database.copying import (
    Contents,
    contents_of,
    copy_collection,
    copy_encodings,
    count_encodings,
)
from retrieval.database.records import Inventory
from retrieval.postgres.database import PostgresDatabase
from retrieval.postgres.servers import Servers
from tests.retrieval.database.test_collections import (
    NOW,
    bare,
    inventories,
    one,
    passages_by_id,
    stored_by_id,
)
from tests.retrieval.database.test_encodings import simple


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteDatabase]:
    with closing(SQLiteDatabase(tmp_path_factory.mktemp("files"))) as made:
        yield made


@pytest.fixture(scope="module")
def copied_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteDatabase]:
    with closing(SQLiteDatabase(tmp_path_factory.mktemp("copied"))) as made:
        yield made


@pytest.fixture(scope="module")
def servers(
    postgres_module_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresDatabase]:
    folder = tmp_path_factory.mktemp("servers")
    with closing(PostgresDatabase(Servers(postgres_module_url), folder)) as made:
        yield made


def copied(source: Database, target: Database, name: str) -> int:
    """Copy a collection; how many articles it was told of."""
    told = [0]
    with source.read(name) as reading, target.write(name) as writing:
        copy_collection(reading, writing, name, told.append)
    return sum(told)


def contents(database: Database, name: str) -> Contents:
    with database.read(name) as connection:
        return contents_of(connection, name)


@settings(max_examples=25, deadline=None)
@given(inventories())
def test_there_and_back_a_collection_is_what_it_was(
    files: SQLiteDatabase,
    servers: PostgresDatabase,
    copied_files: SQLiteDatabase,
    inventory: Inventory,
) -> None:
    store = CollectionStore(files, "any")
    store.drop()
    store.save(store.load(), inventory)
    store.set_uses_shared(len(inventory.entries) % 2 == 0)
    articles = sum(len(entry.articles) for entry in inventory.entries)
    for source, target in ((files, servers), (servers, copied_files)):
        # What was there before goes.
        assert copied(source, target, "any") == articles
        assert contents(target, "any") == contents(files, "any")
        there = CollectionStore(target, "any")
        assert bare(there.load()) == bare(inventory)
        assert stored_by_id(there) == passages_by_id(inventory)
        assert there.uses_shared() == store.uses_shared()


@settings(max_examples=25, deadline=None)
@given(inventories(), inventories())
def test_only_what_is_the_same_has_the_same_contents(
    files: SQLiteDatabase, first: Inventory, second: Inventory
) -> None:
    store, found = CollectionStore(files, "any"), []
    for inventory in (first, second):
        store.drop()
        store.save(store.load(), inventory)
        found.append(contents(files, "any"))
    assert (found[0] == found[1]) == (first == second)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE collections SET uses_shared = 0",
        "UPDATE sources SET etag = 'x' WHERE name = 'a'",
        "UPDATE articles SET text = text || ' '",
        "UPDATE articles SET position = position + 1",
        "UPDATE passages SET words = ''",
        "DELETE FROM passages",
        "UPDATE articles SET source_id = (SELECT max(id) FROM sources)",
    ],
)
def test_whatever_is_changed_changes_the_contents(tmp_path: Path, statement: str) -> None:
    with closing(SQLiteDatabase(tmp_path)) as database:
        store = CollectionStore(database, "any")
        store.save(store.load(), Inventory((one("a"), one("b"))))
        before = contents(database, "any")
        with database.write("any") as connection:
            connection.exec_driver_sql(statement)
        assert contents(database, "any") != before


def test_no_other_collection_is_touched(files: SQLiteDatabase, servers: PostgresDatabase) -> None:
    for database, texts in ((files, ("New.", "Other.")), (servers, ("Old.", "Stays."))):
        for name, text in zip(("mine", "theirs"), texts, strict=True):
            store = CollectionStore(database, name)
            store.drop()
            store.save(store.load(), Inventory((one("a", text),)))
    theirs = contents(servers, "theirs")
    copied(files, servers, "mine")
    assert contents(servers, "mine") == contents(files, "mine")
    assert contents(servers, "theirs") == theirs


def test_more_rows_than_are_in_memory_at_once_are_all_copied(
    files: SQLiteDatabase, copied_files: SQLiteDatabase
) -> None:
    store = CollectionStore(files, "many")
    store.save(store.load(), Inventory(tuple(one(f"{number}") for number in range(450))))
    assert copied(files, copied_files, "many") == 450
    found = contents(copied_files, "many")
    assert found == contents(files, "many")
    assert (found.sources, found.articles, found.passages) == (450, 450, 450)


def test_encodings_are_copied_of_every_model_and_in_the_place_of_others(
    tmp_path: Path, servers: PostgresDatabase
) -> None:
    many = {f"{number:03}": simple(number % 200) for number in range(450)}
    with closing(SQLiteDatabase(tmp_path / "a")) as here:
        EncodingStore(here, "one").put(many, NOW)
        EncodingStore(here, "other").put({"000": simple(7)}, NOW)
        EncodingStore(servers, "one").put({"001": simple(5), "x": simple(6)}, NOW)
        told = [0]
        copy_encodings(here, servers, told.append)
        assert sum(told) == count_encodings(here) == 451
    assert count_encodings(servers) == 452
    with closing(SQLiteDatabase(tmp_path / "b")) as back:
        copy_encodings(servers, back, told.append)
        for form, hash_, expected in (("one", "449", 49), ("one", "001", 1), ("other", "000", 7)):
            found = EncodingStore(back, form).get([hash_])[hash_]
            assert (found.vectors == simple(expected).vectors).all()
            assert (found.codes == simple(expected).codes).all()


@given(st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=3)), max_size=5))
def test_the_order_of_rows_says_nothing_and_everything_else_does(
    rows: list[tuple[str, bytes | None]],
) -> None:
    def digest(some: list[tuple[str, bytes | None]]) -> str:
        made = Digest()
        for text, blob in some:
            made.add("row", {"text": text, "blob": blob})
        return made.hex()

    assert digest(rows) == digest(rows[::-1])
    assert digest(rows) != digest([*rows, ("", None)])


def test_halves_of_a_pair_are_not_the_whole() -> None:
    halves, whole = Digest(), Digest()
    halves.add("row", {"text": "\ud83d\ude00"})
    whole.add("row", {"text": "\U0001f600"})
    assert halves.hex() != whole.hex()
