"""Many at once: threads of one bot, and another process beside it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bot.store import ServerSettings, Store
from bot.store.connection import NAME
from tests.bot.store.conftest import SQLITE, Ask, MakeStore, ask_in

ROOT = Path(__file__).parents[3]


def test_threads_open_the_store_together_and_lose_nothing(store: Store) -> None:
    def act(number: int) -> list[int]:
        ids = []
        for step in range(10):
            asked = ask_in(store, number % 2 + 1, person=number, articles=[str(step)])
            store.vote(number % 2 + 1, asked, number, 1, "Good")
            store.tell(number % 2 + 1, asked)
            assert len(store.open_questions(number % 2 + 1)) >= 1
            ids.append(asked)
        return ids

    with ThreadPoolExecutor(4) as threads:
        ids = [asked for found in threads.map(act, range(4)) for asked in found]
    assert len(set(ids)) == 40
    assert (store.count_open(1), store.count_open(2)) == (20, 20)
    assert store.insights(1).helpful == 20


def test_a_person_is_forgotten_while_others_ask(store: Store) -> None:
    def act(number: int) -> None:
        for _ in range(8):
            ask_in(store, person=number)
            if number == 0:
                store.forget_person(0)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(act, range(3)))
    assert [store.what_is_kept(person).questions for person in range(3)] == [0, 8, 8]


def test_one_person_pressing_many_times_has_one_vote(store: Store, ask: Ask) -> None:
    asked = ask()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: store.vote(1, asked, 1, 1), range(20)))
    assert store.insights(1).helpful == 1


def test_settings_that_are_saved_are_the_ones_that_are_read(store: Store) -> None:
    def save(rate: int) -> None:
        store.refresh()
        store.save_settings(1, ServerSettings(per_member=rate))
        assert store.settings(1).per_member > 0

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(save, range(1, 21)))
    cached = store.settings(1)
    store.refresh()
    assert store.settings(1) == cached


def test_no_change_of_settings_is_lost_to_another_process(make_store: MakeStore) -> None:
    def change(store: Store, field: str) -> None:
        for _ in range(10):
            store.change_settings(1, lambda now: replace(now, **{field: getattr(now, field) + 1}))

    rates = ("per_member", "per_channel", "per_server")
    stores = [make_store() for _ in rates]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(change, stores, rates))
    usual, found = ServerSettings(), make_store().settings(1)
    for rate in rates:
        assert getattr(found, rate) == getattr(usual, rate) + 10


@SQLITE
def test_threads_that_find_the_same_damage_begin_anew_once(store: Store, tmp_path: Path) -> None:
    ask_in(store)
    store.close()
    (tmp_path / NAME).write_bytes(b"no database")
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(lambda _: ask_in(store), range(8)))
    assert {asked.id for asked in store.open_questions(1)} == set(ids)
    assert len([*tmp_path.glob("people.damaged*.db")]) == 1


@SQLITE
def test_a_process_that_is_killed_keeps_what_it_has_recorded(
    make_store: MakeStore, tmp_path: Path
) -> None:
    script = """
import os, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from bot.store import Store
store = Store(
    Path(sys.argv[1]),
    keep_text=True,
    retention=timedelta(1),
    clock=lambda: datetime.now(UTC),
)
values = dict(channel=1, person=1, question="Kept?", answered=False, confidence=0)
store.record(server=1, **values)
assert "discord" not in sys.modules
os._exit(9)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, timeout=60
    )
    assert done.returncode == 9
    (asked,) = make_store().open_questions(1)
    assert asked.question == "Kept?"
