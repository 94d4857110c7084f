"""Collections and encodings in PostgreSQL: all that is said of them in SQLite, said again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from retrieval.database import CollectionStore, Database, EncodingStore, next_checks, served
from retrieval.database.records import Inventory
from retrieval.errors import StorageError
from retrieval.postgres.database import CHANGED, PostgresDatabase
from retrieval.postgres.servers import Servers
from tests.retrieval.database.test_collections import (  # noqa: F401
    TestStrangers,
    one,
    test_an_emptied_article_keeps_its_place_and_loses_its_passages,
    test_an_id_may_pass_from_one_source_to_another,
    test_the_hashes_of_all_collections_are_listed_once,
    test_what_cannot_be_kept_leaves_what_was,
    test_what_is_changed_a_little_comes_back_changed_a_little,
    test_what_is_kept_comes_back_and_so_does_what_takes_its_place,
)
from tests.retrieval.database.test_encodings import (  # noqa: F401
    NOW,
    TestForgetting,
    bits,
    simple,
    test_each_model_has_its_own,
    test_more_than_a_query_may_ask_for_are_found,
    test_the_newer_ones_take_the_place_of_the_older,
    test_what_is_kept_comes_back_bit_for_bit,
)


@pytest.fixture(scope="module")
def shared(
    postgres_module_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresDatabase]:
    made = PostgresDatabase(Servers(postgres_module_url), tmp_path_factory.mktemp("data"))
    yield made
    made.close()


@pytest.fixture
def database(servers: Servers, tmp_path: Path) -> PostgresDatabase:
    return PostgresDatabase(servers, tmp_path)


def test_it_is_a_database_as_the_stores_know_one(database: PostgresDatabase) -> None:
    known: Database = database
    known.open()
    assert known.take_notices() == ()


def test_an_id_that_two_collections_have_is_not_taken_for_one(database: PostgresDatabase) -> None:
    """As it may be where the servers are many, or were filled from a copy."""
    when = "2031-05-01T12:30:15+00:00"
    for name, removed in (("one", when), ("other", None)):
        named = {"name": name, "when": when, "removed": removed}
        with database.write(name) as connection:
            connection.execute(text("INSERT INTO collections (name) VALUES (:name)"), named)
            connection.execute(
                text(
                    "INSERT INTO sources (id, collection, kind, location, name, article, position,"
                    " configured, next_check, added)"
                    " VALUES (7, :name, 'page', 'x', 'x', 'x', 0, false, :when, :when)"
                ),
                named,
            )
            connection.execute(
                text(
                    "INSERT INTO articles (collection, source_id, article, position, title, text,"
                    " pages, signature, removed)"
                    " VALUES (:name, 7, 'x', 0, '', '', '[]', '', :removed)"
                ),
                named,
            )
    assert set(next_checks(database)) == {"other"}


def test_it_can_be_used_again_after_it_was_closed(database: PostgresDatabase) -> None:
    CollectionStore(database, "any").set_uses_shared(False)
    database.close()
    assert served(database) == {"any": (None, False)}
    assert next_checks(database) == {}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE encodings SET vectors = '\\x0000' WHERE text_hash = 'a'",
        "UPDATE encodings SET counts = '\\x00000000' WHERE text_hash = 'a'",
        "UPDATE encodings SET checksum = checksum + 1 WHERE text_hash = 'a'",
        "UPDATE encodings SET text_hash = 'c' WHERE text_hash = 'a'",
    ],
)
def test_a_damaged_encoding_is_left_out(database: PostgresDatabase, damage: str) -> None:
    store = EncodingStore(database, "model")
    store.put({"a": simple(1), "b": simple(2)}, NOW)
    with database.write_vectors() as connection:
        assert connection.execute(text(damage)).rowcount == 1
    assert set(store.get(["a", "b", "c"])) == {"b"}
    store.put({"a": simple(3)}, NOW)
    assert bits(store.get(["a"])["a"]) == bits(simple(3))


def test_encodings_can_be_begun_anew(database: PostgresDatabase) -> None:
    store = EncodingStore(database, "model")
    store.put({"a": simple(1)}, NOW)
    database.forget_vectors()
    assert store.get(["a"]) == {}


def test_who_puts_the_same_encodings_at_once_keeps_one_of_each(database: PostgresDatabase) -> None:
    many = {f"{number:x}": simple(number % 200) for number in range(150)}
    failures: list[BaseException] = []

    def put(order: int) -> None:
        try:
            EncodingStore(database, "model").put(dict(sorted(many.items())[::order]), NOW)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=put, args=(order,)) for order in (1, -1) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert EncodingStore(database, "model").intact(many) == set(many)


class TestTelling:
    def test_all_hear_which_collection_was_changed_once_it_is(
        self, database: PostgresDatabase
    ) -> None:
        heard: list[str | None] = []
        told, stop = threading.Condition(), threading.Event()

        def hear(payload: str | None) -> None:
            with told:
                heard.append(payload)
                told.notify_all()

        def wait_for(number: int) -> None:
            with told:
                assert told.wait_for(lambda: len(heard) >= number, 10), heard

        arguments = (CHANGED, hear, stop)
        listener = threading.Thread(target=database.servers.listen, args=arguments)
        listener.start()
        wait_for(1)
        with pytest.raises(StorageError), database.write("undone") as connection:
            connection.execute(text("SELECT 1 / 0"))
        CollectionStore(database, "here").save(Inventory(), Inventory((one("a"),)))
        EncodingStore(database, "model").put({"a": simple(1)}, NOW)
        CollectionStore(database, "here").drop()
        CollectionStore(database, "there\0").set_uses_shared(False)
        wait_for(4)
        assert heard == [None, "here", "here", "there\0"]
        stop.set()
        listener.join(10)
        assert not listener.is_alive()
