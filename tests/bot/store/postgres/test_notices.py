"""What one process changes for a server, the others know within a moment."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store import ServerSettings, Store
from bot.store.notices import CHANNEL, Notice
from bot.store.server_settings import MOST_PER_MINUTE
from retrieval.errors import SettingsError
from retrieval.postgres.database import CHANGED
from retrieval.postgres.servers import Servers
from tests.bot.store.conftest import Ask, MakeStore

Told = queue.Queue[str | None]


@contextmanager
def listening(servers: Servers) -> Iterator[Told]:
    told: Told = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(target=servers.listen, args=(CHANNEL, told.put, stop))
    thread.start()
    try:
        assert told.get(timeout=10) is None
        yield told
    finally:
        stop.set()
        thread.join(10)


def test_a_change_of_settings_is_heard_and_no_other_server_is_read_again(
    make_store: MakeStore, servers: Servers
) -> None:
    here, there = make_store(), make_store()
    here.save_settings(1, ServerSettings(per_member=1))
    there.follow()
    with listening(servers) as told:
        here.save_settings(1, ServerSettings(per_member=2))
        assert there.known_settings(1) == ServerSettings(per_member=1)
        payload = told.get(timeout=10)
    assert payload is not None
    notice = Notice.of(payload)
    assert notice == Notice("settings", 1)
    there.follow(notice.id)
    assert there.known_settings(1) == ServerSettings(per_member=2)
    assert there.known_settings(2) == ServerSettings(), "nobody waits for what nobody changed"


def test_that_somebody_is_forgotten_is_heard(store: Store, ask: Ask, servers: Servers) -> None:
    ask(1, person=42)
    with listening(servers) as told:
        store.forget_person(42)
        assert told.get(timeout=10) == "person:42"


def test_what_is_not_kept_is_not_told(store: Store, servers: Servers) -> None:
    with listening(servers) as told:
        with pytest.raises(SettingsError):
            store.save_settings(1, ServerSettings(per_member=MOST_PER_MINUTE + 1))
        store.forget_server(2)
        assert told.get(timeout=10) == "settings:2"


def test_a_store_that_cannot_be_read_knows_nothing_rather_than_what_was(
    make_store: MakeStore, servers: Servers, people_url: str
) -> None:
    store = make_store()
    store.save_settings(1, ServerSettings(per_member=1))
    store.follow()
    with servers.write(None) as connection:
        connection.exec_driver_sql("ALTER TABLE servers RENAME TO elsewhere")
    store.follow(1)
    store.follow()
    assert store.known_settings(1) is None
    with servers.write(None) as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO servers")
    assert store.settings(1) == ServerSettings(per_member=1)


def test_it_is_told_where_changes_of_collections_are() -> None:
    assert CHANNEL == CHANGED


@given(st.text() | st.from_regex(r"(settings|person):.*"))
def test_whatever_is_told_is_a_notice_or_none(payload: str) -> None:
    notice = Notice.of(payload)
    if notice is not None:
        kind, _, number = payload.partition(":")
        assert (kind, int(number)) == (notice.kind, notice.id)
