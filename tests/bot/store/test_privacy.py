"""What is forgotten is gone, from the disk too; what is not kept never gets there."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bot.store import Kept, ServerSettings, Store
from tests.bot.store.conftest import SQLITE, Ask, Clock, MakeStore, ask_in, bytes_on_disk

Held = Callable[[], bytes]
SECRET = "Where does Ada keep her camel?"


class TestAPerson:
    def test_learns_what_is_kept(self, store: Store, ask: Ask, clock: Clock) -> None:
        assert store.what_is_kept(100) == Kept()
        first = clock.now
        asked = ask(1)
        clock.advance(days=1)
        ask(None, question=None)
        ask(2, person=101)
        store.vote(1, asked, 100, 1)
        store.vote(1, asked, 101, 1)
        assert store.what_is_kept(100) == Kept(questions=2, texts=1, votes=1, oldest=first)

    def test_is_forgotten_in_every_server_and_nobody_else_is(self, store: Store, ask: Ask) -> None:
        own = [(server, ask(server)) for server in (1, 2, None)]
        others = ask(1, person=101)
        for server, asked in (*own, (1, others)):
            store.vote(server, asked, 100, 1, "Good")
            store.vote(server, asked, 101, -1, "Bad")
        assert store.forget_person(100) == 3 + 4
        assert store.what_is_kept(100) == Kept()
        assert [store.asked(*each) for each in own] == [None] * 3
        assert [asked.id for asked in store.open_questions(1)] == [others]
        assert (store.insights(1).helpful, store.insights(1).unhelpful) == (0, 1)
        assert store.forget_person(100) == 0

    def test_leaves_no_byte_behind(self, store: Store, ask: Ask, held: Held) -> None:
        asked = ask(question=SECRET)
        store.vote(1, asked, 100, 1, "Camels are great")
        assert SECRET.encode() in held()
        store.forget_person(100)
        assert SECRET.encode() not in held()
        assert b"Camels" not in held()

    @SQLITE
    def test_leaves_none_among_many_that_were_moved_about(
        self, store: Store, tmp_path: Path
    ) -> None:
        chance = random.Random(1)  # One of those for which SQLite alone leaves some behind.
        ids = []
        for number in range(500):
            person = chance.randrange(8)
            text = f"P{person} asks {number} " + "x" * chance.randrange(1200)
            ids.append(ask_in(store, person=person, question=text))
            for _ in range(2):
                asked = chance.choice(ids)
                store.vote(1, asked, person, 1, f"P{person} thinks " + "y" * chance.randrange(900))
        assert b"P7 asks" in bytes_on_disk(tmp_path)
        store.forget_person(7)
        left = bytes_on_disk(tmp_path)
        assert b"P7 asks" not in left
        assert b"P7 thinks" not in left
        assert b"P6 asks" in left

    def test_is_forgotten_though_others_are_asking(
        self, store: Store, make_store: MakeStore, ask: Ask, held: Held
    ) -> None:
        ask(question=SECRET)
        other = make_store()
        assert other.count_open(1) == 1
        store.forget_person(100)
        ask_in(other, person=101)
        assert SECRET.encode() not in held()
        assert other.count_open(1) == 1


class TestWhereTextIsNotKept:
    def test_no_question_reaches_the_disk(self, make_store: MakeStore, held: Held) -> None:
        store = make_store(keep_text=False)
        asked = ask_in(store, question=SECRET, articles=["a"])
        store.place(1, asked, 1, 2)
        store.tell(1, asked)
        store.vote(1, asked, 1, 1, "Good")
        found = store.asked(1, asked)
        assert found is not None
        assert (found.question, found.articles) == (None, ("a",))
        assert store.count_open(1) == 1
        assert b"camel" not in held()
        store.close()
        assert b"camel" not in held()

    def test_those_that_were_kept_before_are_deleted(
        self, make_store: MakeStore, held: Held
    ) -> None:
        before = make_store()
        asked = ask_in(before, question=SECRET)
        before.close()
        assert b"camel" in held()
        after = make_store(keep_text=False)
        found = after.asked(1, asked)
        assert found is not None
        assert found.question is None
        assert b"camel" not in held()

    def test_the_list_and_the_table_do_without(self, make_store: MakeStore) -> None:
        store = make_store(keep_text=False)
        ask_in(store)
        assert store.open_questions(1)[0].question is None
        assert store.write_csv(1, None, io.StringIO()) == 1


class TestInTime:
    def test_what_is_older_than_the_retention_is_deleted(
        self, make_store: MakeStore, clock: Clock, held: Held
    ) -> None:
        store = make_store(retention=timedelta(days=30))
        old = ask_in(store, question=SECRET, articles=["a"])
        store.vote(1, old, 101, 1, "Good")
        clock.advance(days=30)
        new = ask_in(store)
        assert store.purge() == 0, "it is just as old"
        clock.advance(seconds=1)
        assert store.purge() == 1
        assert store.asked(1, old) is None
        assert store.asked(1, new) is not None
        assert store.what_is_kept(101) == Kept()
        assert SECRET.encode() not in held()

    def test_settings_are_kept(self, store: Store, clock: Clock) -> None:
        store.save_settings(1, ServerSettings(per_member=1))
        clock.advance(days=10_000)
        store.purge()
        store.refresh()
        assert store.settings(1).per_member == 1

    def test_a_retention_without_end_deletes_nothing(self, make_store: MakeStore) -> None:
        store = make_store(retention=timedelta.max)
        ask_in(store)
        assert store.purge() == 0
        assert store.servers_to_forget(timedelta.max) == []


class TestAServer:
    def test_is_forgotten_whole_and_no_other_is(self, store: Store, ask: Ask, held: Held) -> None:
        own, other, direct = ask(1, question=SECRET), ask(2), ask(None)
        store.vote(1, own, 101, 1, "Good")
        store.save_settings(1, ServerSettings(per_member=1))
        store.save_settings(2, ServerSettings(per_member=2))
        assert store.servers() == [1, 2]
        assert store.forget_server(1) == 1
        assert store.servers() == [2]
        assert store.settings(1) == ServerSettings()
        assert store.settings(2) == ServerSettings(per_member=2)
        assert store.asked(1, own) is None
        assert store.asked(2, other) is not None
        assert store.asked(None, direct) is not None
        assert store.what_is_kept(101) == Kept()
        assert SECRET.encode() not in held()

    def test_may_be_forgotten_once_the_grace_is_over(self, store: Store, clock: Clock) -> None:
        grace = timedelta(days=7)
        store.save_settings(1, ServerSettings(per_member=1))
        store.server_left(1)
        store.server_left(2)
        clock.advance(days=6)
        store.server_left(1)  # It was told twice.
        store.server_left(3)
        assert store.servers_to_forget(grace) == []
        store.server_back(2)
        clock.advance(days=1)
        assert store.servers_to_forget(grace) == [1]
        assert store.settings(1).per_member == 1, "until it is forgotten"
        store.forget_server(1)
        assert store.servers_to_forget(grace) == []

    def test_that_comes_back_begins_its_grace_anew(self, store: Store, clock: Clock) -> None:
        store.server_left(1)
        clock.advance(days=5)
        store.server_back(1)
        store.server_left(1)
        clock.advance(days=5)
        assert store.servers_to_forget(timedelta(days=7)) == []

    def test_that_was_never_left_can_come_back(self, store: Store) -> None:
        store.server_back(1)
        assert store.servers() == []
