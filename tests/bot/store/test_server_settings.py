"""A server's settings: kept whole, and read whatever has happened to them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.languages import LANGUAGES
from bot.store import ServerSettings, Store
from bot.store.connection import NAME
from bot.store.server_settings import check, from_json, to_json
from retrieval.errors import SettingsError
from tests.bot.store.conftest import SQLITE, MakeStore

IDS = st.frozensets(st.integers(1, 2**63 - 1), max_size=5)
RATES = st.integers(0, 1000)
SETTINGS = st.builds(
    ServerSettings,
    language=st.none() | st.sampled_from(sorted(LANGUAGES)),
    style=st.sampled_from(["reply", "thread", "private"]),
    auto_channels=IDS,
    auto_forums=IDS,
    manager_roles=IDS,
    ignored_members=IDS,
    ignored_roles=IDS,
    ignored_channels=IDS,
    per_member=RATES,
    per_channel=RATES,
    per_server=RATES,
    answers_again=st.booleans(),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = [field.name for field in fields(ServerSettings)]


@given(SETTINGS)
def test_what_is_stored_is_what_is_read(settings: ServerSettings) -> None:
    check(settings)
    assert from_json(to_json(settings)) == settings


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), JSON))
def test_whatever_is_stored_the_settings_can_be_used(stored: dict[str, Any]) -> None:
    check(from_json(json.dumps(stored)))


@given(st.text(max_size=40))
def test_whatever_is_stored_as_no_json_means_the_usual_settings(stored: str) -> None:
    check(from_json(stored))


@pytest.mark.parametrize("stored", ["", "{", "[]", "null", "[" * 100_000, "1" * 5000])
def test_nonsense_means_the_usual_settings(stored: str) -> None:
    assert from_json(stored) == ServerSettings()


def test_one_bad_value_costs_no_other() -> None:
    stored = {"language": "xx", "per_member": True, "per_server": 9, "from_the_future": 1}
    stored |= {"auto_channels": [5, "6", -1, 7, None]}
    assert from_json(json.dumps(stored)) == ServerSettings(
        per_server=9, auto_channels=frozenset({5, 7})
    )


@pytest.mark.parametrize(
    "change",
    [
        {"language": "tlh"},
        {"style": "shouting"},
        {"per_member": -1},
        {"per_channel": 1001},
        {"per_server": 1.5},
        {"auto_channels": frozenset({0})},
        {"ignored_members": frozenset({2**63})},
        {"ignored_roles": frozenset(range(1, 1002))},
        {"answers_again": 1},
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_and_changes_nothing(
    store: Store, change: dict[str, Any]
) -> None:
    store.save_settings(1, ServerSettings(per_member=3))
    with pytest.raises(SettingsError, match=next(iter(change))):
        store.save_settings(1, replace(ServerSettings(), **change))
    assert store.settings(1) == ServerSettings(per_member=3)


def test_a_server_that_chose_nothing_has_the_usual_settings(store: Store) -> None:
    assert store.settings(1) == store.settings(None) == ServerSettings()


def test_settings_are_those_of_one_server_and_outlive_the_process(make_store: MakeStore) -> None:
    before = make_store()
    assert before.settings(1) == ServerSettings()
    before.save_settings(1, ServerSettings(language="de", per_member=0))
    before.save_settings(1, ServerSettings(language="de", per_member=2))
    assert before.settings(1).per_member == 2
    before.close()
    after = make_store()
    assert after.settings(1) == ServerSettings(language="de", per_member=2)
    assert after.settings(2) == ServerSettings()


@SQLITE
def test_settings_are_read_from_the_disk_once_until_they_are_refreshed(
    store: Store, tmp_path: Path
) -> None:
    store.save_settings(1, ServerSettings())
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("UPDATE servers SET settings = ?", ('{"style": "thread"}',))
    assert store.settings(1).style == "reply"
    store.refresh()
    assert store.settings(1).style == "thread"
