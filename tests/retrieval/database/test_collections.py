"""Collections: what is kept comes back as it was, and never another's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from retrieval.articles import Article
from retrieval.database import CollectionStore, SQLiteDatabase, collection_names, passage_hashes
from retrieval.database.records import (
    ArticleRecord,
    Entry,
    GenerationRecord,
    Inventory,
    SourceRecord,
)
from retrieval.database.schema import ARTICLES, COLLECTIONS, PASSAGES, SOURCES
from retrieval.errors import StorageError
from retrieval.preparation import PreparedPassage, prepare

NOW = datetime(2031, 5, 1, 12, 30, 15, 250_000, tzinfo=UTC)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
maybe = st.none() | words
times = st.none() | st.datetimes(timezones=st.just(UTC))


@st.composite
def inventories(draw: st.DrawFn) -> Inventory:
    """Whatever sources could have given, with ids and locations that differ."""
    entries, number = [], 0
    for position in range(draw(st.integers(0, 3))):
        articles = []
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            prepared = prepare(
                Article(
                    id=f"{number}{draw(words)}",
                    title=draw(words),
                    text=draw(words),
                    source=draw(maybe),
                    url=draw(maybe),
                    author=draw(maybe),
                    published=draw(maybe),
                    pages=tuple(draw(st.lists(st.integers(0, 1 << 40), max_size=3))),
                )
            )
            articles.append(
                ArticleRecord(
                    prepared.article,
                    prepared.signature,
                    removed=draw(times),
                    passages=prepared.passages,
                )
            )
        source = SourceRecord(
            kind=draw(st.sampled_from(["file", "upload", "page", "feed"])),
            location=f"{position}{draw(words)}",
            name=draw(words),
            article=draw(words),
            position=position,
            added=NOW,
            configured=draw(st.booleans()),
            reader=draw(st.integers(0, 9)),
            format=draw(maybe),
            fingerprint=draw(maybe),
            size=draw(st.none() | st.integers(-1, 1 << 60)),
            modified_ns=draw(st.none() | st.integers(-(1 << 62), 1 << 62)),
            etag=draw(maybe),
            last_modified=draw(maybe),
            next_check=draw(times),
            failures=draw(st.integers(0, 99)),
            error=draw(maybe),
        )
        entries.append(Entry(source, tuple(articles)))
    generation = GenerationRecord("d" * 64, NOW, "model", draw(st.integers(0, 99)))
    return Inventory(tuple(entries), draw(st.none() | st.just(generation)))


def bare(inventory: Inventory) -> Inventory:
    """Without the database's own keys, and without passages, which are read separately."""
    return replace(
        inventory,
        entries=tuple(
            Entry(
                replace(entry.source, row=None),
                tuple(replace(held, row=None, passages=None) for held in entry.articles),
            )
            for entry in inventory.entries
        ),
    )


def passages_by_id(inventory: Inventory) -> dict[str, tuple[PreparedPassage, ...]]:
    return {
        held.article.id: held.passages
        for entry in inventory.entries
        for held in entry.articles
        if held.passages
    }


def stored_by_id(store: CollectionStore) -> dict[str, tuple[PreparedPassage, ...]]:
    ids = {held.row: held.article.id for entry in store.load().entries for held in entry.articles}
    return {ids[row]: passages for row, passages in store.passages().items()}


def one(name: str, text: str = "Text.") -> Entry:
    prepared = prepare(Article(id=name, title=name, text=text))
    source = SourceRecord("upload", name, name, name, 0, NOW)
    return Entry(
        source, (ArticleRecord(prepared.article, prepared.signature, passages=prepared.passages),)
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLiteDatabase]:
    made = SQLiteDatabase(tmp_path_factory.mktemp("collections"))
    yield made
    made.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    made = SQLiteDatabase(tmp_path)
    yield made
    made.close()


@settings(max_examples=25)
@given(inventories(), inventories())
def test_what_is_kept_comes_back_and_so_does_what_takes_its_place(
    shared: SQLiteDatabase, first: Inventory, second: Inventory
) -> None:
    store = CollectionStore(shared, "any")
    store.drop()
    for given_now in (first, second):
        store.save(store.load(), given_now)
        assert bare(store.load()) == bare(given_now)
        assert stored_by_id(store) == passages_by_id(given_now)


@settings(max_examples=25)
@given(inventories(), st.data())
def test_what_is_changed_a_little_comes_back_changed_a_little(
    shared: SQLiteDatabase, given_first: Inventory, data: st.DataObject
) -> None:
    store = CollectionStore(shared, "any")
    store.drop()
    store.save(store.load(), given_first)
    before = store.load()
    entries = [
        Entry(
            replace(entry.source, error=data.draw(maybe), position=data.draw(st.integers(0, 9))),
            tuple(
                replace(held, removed=data.draw(times))
                for held in data.draw(st.permutations(entry.articles))
                if data.draw(st.booleans())
            ),
        )
        for entry in before.entries
        if data.draw(st.booleans())
    ]
    entries.sort(key=lambda entry: (entry.source.position, entry.source.row))
    after = replace(before, entries=tuple(entries))
    store.save(before, after)
    assert store.load() == after
    expected = passages_by_id(given_first)
    ids = {held.article.id for entry in entries for held in entry.articles}
    assert stored_by_id(store) == {id_: p for id_, p in expected.items() if id_ in ids}


def test_an_emptied_article_keeps_its_place_and_loses_its_passages(
    database: SQLiteDatabase,
) -> None:
    store = CollectionStore(database, "any")
    store.save(Inventory(), Inventory((one("a"),)))
    before = store.load()
    (entry,) = before.entries
    (held,) = entry.articles
    emptied = replace(held, article=Article("a", "", ""), signature=b"", removed=NOW, emptied=True)
    after = replace(before, entries=(replace(entry, articles=(emptied,)),))
    store.save(before, after)
    assert store.load() == after
    assert store.passages() == {}
    assert passage_hashes(database) == set()


def test_an_id_may_pass_from_one_source_to_another(database: SQLiteDatabase) -> None:
    store = CollectionStore(database, "any")
    store.save(Inventory(), Inventory((one("a"),)))
    entry = one("b")
    renamed = replace(entry.articles[0].article, id="a")
    taken = Inventory((replace(entry, articles=(replace(entry.articles[0], article=renamed),)),))
    store.save(store.load(), taken)
    assert bare(store.load()) == bare(taken)


def test_what_cannot_be_kept_leaves_what_was(database: SQLiteDatabase) -> None:
    store = CollectionStore(database, "any")
    store.save(Inventory(), Inventory((one("a"),)))
    before = store.load()
    twice = Inventory((*before.entries, one("b"), one("b")))
    with pytest.raises(StorageError, match=r"(?i)unique"):
        store.save(before, twice)
    assert store.load() == before


class TestStrangers:
    def test_no_collection_sees_or_changes_what_is_anothers(self, database: SQLiteDatabase) -> None:
        here, there = CollectionStore(database, "here"), CollectionStore(database, "there")
        generation = GenerationRecord("d" * 64, NOW, "model", 3)
        here.save(Inventory(), Inventory((one("a", "Here."),), generation))
        assert there.load() == Inventory()
        assert there.passages() == {}
        assert there.generation() is None
        there.save(Inventory(), Inventory((one("a", "There."),)))
        there.set_uses_shared(False)
        assert here.load().articles()["a"].text == "Here."
        assert (here.uses_shared(), there.uses_shared()) == (True, False)
        there.save(there.load(), Inventory())
        assert [len(passages) for passages in here.passages().values()] == [1]
        there.drop()
        assert here.generation() == generation
        assert collection_names(database) == ["here"]

    def test_who_takes_anothers_rows_for_its_own_changes_nothing_of_them(
        self, database: SQLiteDatabase
    ) -> None:
        here, there = CollectionStore(database, "here"), CollectionStore(database, "there")
        here.save(Inventory(), Inventory((one("a"),)))
        kept = here.load()
        there.save(kept, Inventory())
        (entry,) = kept.entries
        renamed = replace(entry, source=replace(entry.source, name="mine"))
        removed = replace(entry.articles[0], removed=NOW)
        there.save(kept, Inventory((replace(renamed, articles=(removed,)),)))
        assert here.load() == kept
        assert len(here.passages()) == 1
        assert there.load() == Inventory()

    @pytest.mark.parametrize("name", ["x' OR '1'='1", "%", "server-1\0", "SERVER-1"])
    def test_a_name_is_nothing_but_a_name(self, database: SQLiteDatabase, name: str) -> None:
        CollectionStore(database, "server-1").save(Inventory(), Inventory((one("a"),)))
        store = CollectionStore(database, name)
        assert store.load() == Inventory()
        assert store.passages() == {}
        store.drop()
        assert collection_names(database) == ["server-1"]

    def test_a_dropped_collection_has_no_rows_left(self, database: SQLiteDatabase) -> None:
        store = CollectionStore(database, "any")
        store.save(Inventory(), Inventory((one("a"), one("b"))))
        store.drop()
        with database.read() as connection:
            for table in (COLLECTIONS, SOURCES, ARTICLES, PASSAGES):
                assert connection.execute(select(table)).all() == []


def test_the_hashes_of_all_collections_are_listed_once(database: SQLiteDatabase) -> None:
    for name, text in (("one", "Same."), ("two", "Same."), ("three", "Other.")):
        CollectionStore(database, name).save(Inventory(), Inventory((one("a", text),)))
    assert len(passage_hashes(database)) == 2
