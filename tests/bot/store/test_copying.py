"""What people did moved into another database: all of it, under the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, select

from bot.store import ServerSettings, Store
from bot.store.copying import copy_people
from bot.store.database import EVERYWHERE
from bot.store.postgres import PostgresPeople
from bot.store.schema import METADATA, VOTES
from retrieval.errors import StorageError
from retrieval.postgres.servers import Servers
from tests.bot.store.conftest import RETENTION, Clock, ask_in

SERVERS = 1, 2**63 - 1


@pytest.fixture
def here(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """With questions of two servers and of nobody's, votes and settings."""
    with closing(_in_files(tmp_path / "here", clock)) as store:
        for server in (*SERVERS, None):
            for question in ("What is a \0?", "Where is the \ud83d half?", "Who?"):
                number = ask_in(store, server, question=question, articles=("a", "b"))
                store.vote(server, number, 7, -1, "Because.")
        store.save_settings(SERVERS[0], ServerSettings(auto_channels=frozenset({3})))
        store.server_left(SERVERS[1])
        yield store


@pytest.fixture
def there(tmp_path: Path, clock: Clock, people_url: str) -> Iterator[Store]:
    with (
        closing(Servers(people_url)) as servers,
        closing(
            Store(
                tmp_path,
                keep_text=True,
                retention=RETENTION,
                clock=clock,
                database=PostgresPeople(servers, keep_text=True),
            )
        ) as store,
    ):
        yield store


@pytest.fixture
def back(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with closing(_in_files(tmp_path / "back", clock)) as store:
        yield store


def _in_files(folder: Path, clock: Clock) -> Store:
    return Store(folder, keep_text=True, retention=RETENTION, clock=clock)


def rows(store: Store) -> dict[str, set[tuple[Any, ...]]]:
    """Everything that is kept."""

    def read(connection: Connection) -> dict[str, set[tuple[Any, ...]]]:
        return {
            table.name: {tuple(row) for row in connection.execute(select(table))}
            for table in METADATA.sorted_tables
        }

    return store.database.read(EVERYWHERE, read)


def test_there_and_back_every_row_is_as_it_was(here: Store, there: Store, back: Store) -> None:
    expected = rows(here)
    copied = copy_people(here.database, there.database, replace=False)
    assert copied.counts == {"servers": 2, "asked": 9, "quoted": 18, "votes": 9}
    assert rows(there) == expected
    assert copy_people(there.database, back.database, replace=False) == copied
    assert rows(back) == rows(here) == expected
    assert back.settings(SERVERS[0]).auto_channels == {3}


def test_no_number_is_given_twice_even_of_a_question_that_was_deleted(
    here: Store, there: Store, back: Store
) -> None:
    last = ask_in(here, 2)
    here.forget_server(2)
    copy_people(here.database, there.database, replace=False)
    copy_people(there.database, back.database, replace=False)
    later = ask_in(there, 1), ask_in(back, 1)
    assert min(later) > last
    assert there.vote(1, later[0], 7, 1)


def test_what_is_there_is_never_replaced_unasked(here: Store, there: Store) -> None:
    ask_in(there, 5)
    before = rows(there)
    with pytest.raises(StorageError, match="something already") as caught:
        copy_people(here.database, there.database, replace=False)
    assert "--replace" in caught.value.remedy
    assert rows(there) == before
    copy_people(here.database, there.database, replace=True)
    assert rows(there) == rows(here)


def test_what_was_moved_before_may_be_moved_again(here: Store, there: Store) -> None:
    first = copy_people(here.database, there.database, replace=False)
    assert copy_people(here.database, there.database, replace=False) == first
    assert rows(there) == rows(here)


def test_a_copy_that_is_not_the_same_is_not_kept(
    here: Store, there: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.store import copying

    copy = copying._copy

    def wrong(source: Connection, target: Connection) -> None:
        copy(source, target)
        target.execute(delete(VOTES))

    monkeypatch.setattr(copying, "_copy", wrong)
    with pytest.raises(StorageError, match="not the same"):
        copy_people(here.database, there.database, replace=False)
    assert not any(rows(there).values())
