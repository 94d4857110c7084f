"""Questions: kept as they were asked, and listed for nobody but their own server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import Asked, Store
from retrieval.questions import MAX_CHARACTERS
from tests.bot.store.conftest import Ask, Clock, MakeStore, ask_in
from tests.strategies import any_text


def test_a_question_is_kept_as_it_was_asked(store: Store, clock: Clock) -> None:
    values: dict[str, Any] = {
        "server": 1,
        "channel": 2,
        "message": 3,
        "person": 2**63 - 1,
        "question": "Wer überquerte den Fluß? 🐫",
        "answered": True,
        "confidence": 0.75,
        "language": "de",
    }
    asked = store.record(**values, articles=["b", "a", "b"])
    assert store.asked(1, asked) == Asked(
        id=asked, **values, articles=("b", "a"), at=clock.now, state="none", told=False
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=[]), max_size=60) | any_text)
def test_any_text_can_be_asked(store: Store, text: str) -> None:
    asked = store.asked(1, ask_in(store, question=text, articles=[text], language=text))
    assert asked is not None
    assert asked.question == text.encode("utf-8", "replace").decode()


def test_a_text_without_end_is_cut(store: Store) -> None:
    asked = store.asked(1, ask_in(store, question="x" * 100_000))
    assert asked is not None
    assert asked.question == "x" * MAX_CHARACTERS


def test_a_confidence_that_is_no_number_is_none(store: Store) -> None:
    asked = store.asked(1, ask_in(store, confidence=float("nan")))
    assert asked is not None
    assert asked.confidence == 0


def test_the_place_of_the_answer_is_kept_once_it_is_known(store: Store, ask: Ask) -> None:
    asked = ask()
    assert store.place(1, asked, 20, 30)
    placed = store.asked(1, asked)
    assert placed is not None
    assert (placed.channel, placed.message) == (20, 30)


@pytest.mark.parametrize("asked", [0, -1, 7, 2**63, 10**30])
def test_what_was_never_asked_is_not_there(store: Store, ask: Ask, asked: int) -> None:
    ask()
    assert store.asked(1, asked) is None
    assert not store.place(1, asked, 1, 2)
    assert not store.tell(1, asked)
    assert not store.vote(1, asked, 100, 1)
    assert store.mark(1, [asked], "done") == 0


class TestTheListOfAServer:
    def test_has_what_was_not_answered_the_newest_first(self, store: Store, ask: Ask) -> None:
        first, _, second = ask(), ask(answered=True), ask()
        assert [asked.id for asked in store.open_questions(1)] == [second, first]
        assert store.count_open(1) == 2

    def test_has_nothing_of_direct_messages_or_other_servers(self, store: Store, ask: Ask) -> None:
        ask(2)
        direct = store.asked(None, ask(None))
        assert direct is not None
        assert direct.state == "none"
        assert store.open_questions(1) == []
        assert store.count_open(1) == 0

    def test_is_read_in_pages(self, store: Store, ask: Ask) -> None:
        ids = [ask(articles=[str(number)]) for number in range(7)][::-1]
        pages = [store.open_questions(1, 3, offset) for offset in range(0, 9, 3)]
        assert [asked.id for page in pages for asked in page] == ids
        assert [len(page) for page in pages] == [3, 3, 1]
        assert store.open_questions(1, -1, -1) == []

    def test_loses_what_is_done_and_gets_it_back(self, store: Store, ask: Ask) -> None:
        ids = [ask() for _ in range(3)]
        assert store.mark(1, ids[:2], "done") == 2
        assert [asked.id for asked in store.open_questions(1)] == ids[2:]
        assert store.mark(1, ids[:1], "open") == 1
        assert {asked.id for asked in store.open_questions(1)} == {ids[0], ids[2]}

    def test_is_marked_by_its_own_server_only(self, store: Store, ask: Ask) -> None:
        own, other = ask(1), ask(2)
        assert store.mark(1, [own, other, own], "done") == 1
        assert [asked.id for asked in store.open_questions(2)] == [other]

    def test_may_be_marked_by_the_thousand(self, store: Store, ask: Ask) -> None:
        own = ask()
        assert store.mark(1, range(own - 40_000, own + 1), "done") == 1

    def test_gets_what_the_admins_are_told_of(self, store: Store, ask: Ask) -> None:
        asked = ask(answered=True)
        assert store.tell(1, asked)
        assert not store.tell(1, asked), "they were told already"
        (listed,) = store.open_questions(1)
        assert (listed.id, listed.told) == (asked, True)

    def test_does_not_get_back_what_is_done_when_the_admins_are_told(
        self, store: Store, ask: Ask
    ) -> None:
        asked = ask()
        store.mark(1, [asked], "done")
        assert store.tell(1, asked)
        assert store.open_questions(1) == []


def test_a_number_is_never_given_twice(make_store: MakeStore, clock: Clock, tmp_path: Path) -> None:
    store = make_store()
    first = ask_in(store)
    assert store.forget_person(100) == 1
    second = ask_in(store)
    store.close()
    for path in tmp_path.glob("people.db*"):
        path.unlink()
    clock.advance(seconds=1)
    third = ask_in(make_store())
    assert first < second < third, "a lost database too: the buttons of old messages bear them"


def test_questions_outlive_the_process(make_store: MakeStore) -> None:
    before = make_store()
    asked = before.asked(1, ask_in(before, articles=["a"]))
    before.close()
    after = make_store(retention=timedelta(1))
    assert asked is not None
    assert after.asked(1, asked.id) == asked
