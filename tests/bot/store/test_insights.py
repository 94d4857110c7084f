"""Insights: how much is asked, answered and liked in a server, by nobody in particular."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from bot.store import Day, Insights, Reason, Store
from tests.bot.store.conftest import Ask, Clock


def test_of_nothing_there_are_none(store: Store) -> None:
    assert store.insights(1) == Insights()


def test_questions_are_counted_by_the_day(store: Store, ask: Ask, clock: Clock) -> None:
    ask(answered=True)
    told = ask()
    store.tell(1, told)
    clock.advance(days=2)
    ask(answered=True)
    found = store.insights(1)
    assert (found.asked, found.answered, found.open, found.told) == (3, 2, 1, 1)
    assert found.days == (Day(date(2031, 5, 1), 2, 1), Day(date(2031, 5, 3), 1, 1))


def test_only_what_was_asked_from_the_given_time_on_counts(
    store: Store, ask: Ask, clock: Clock
) -> None:
    store.vote(1, ask(articles=["old"]), 1, 1, "Old")
    since = clock.advance(microseconds=1)
    store.vote(1, ask(articles=["new"]), 1, -1, "New")
    clock.advance(seconds=1)
    ask()
    elsewhere = since.astimezone(timezone(timedelta(hours=9)))
    for moment in (since, elsewhere):
        found = store.insights(1, moment)
        assert found.asked == 2
        assert found.articles == (("new", 1),)
        assert found.reasons == (Reason(-1, "New", 1),)
        assert (found.helpful, found.unhelpful) == (0, 1)


def test_the_most_quoted_articles_come_first(store: Store, ask: Ask) -> None:
    for articles in (["b", "a"], ["b", "b"], ["a"], ["b"], *([str(n)] for n in range(20))):
        ask(articles=articles)
    found = store.insights(1).articles
    assert found[:2] == (("b", 3), ("a", 2))
    assert len(found) == 10


def test_a_person_has_one_vote_and_the_latest_counts(store: Store, ask: Ask) -> None:
    asked = ask()
    assert store.vote(1, asked, 1, 1, "Clear")
    assert store.vote(1, asked, 1, -1, "Wrong article")
    assert store.vote(1, asked, 2, -1, "Wrong article")
    assert store.vote(1, asked, 3, 1)
    found = store.insights(1)
    assert (found.helpful, found.unhelpful) == (1, 2)
    assert found.reasons == (Reason(-1, "Wrong article", 2),)


def test_a_vote_can_be_taken_back(store: Store, ask: Ask) -> None:
    asked = ask()
    store.vote(1, asked, 1, 1, "Clear")
    store.vote(1, asked, 2, 1)
    assert store.vote(1, asked, 1, None)
    assert store.vote(1, asked, 9, None), "there was none"
    found = store.insights(1)
    assert (found.helpful, found.reasons) == (1, ())


def test_a_server_learns_nothing_of_another(store: Store, ask: Ask) -> None:
    for server in (2, None):
        asked = ask(server, articles=["theirs"])
        store.vote(server, asked, 1, 1, "Theirs")
    assert store.insights(1) == Insights()


def test_a_year_is_bounded_by_its_days(store: Store, ask: Ask, clock: Clock) -> None:
    start: datetime = clock.now
    for _ in range(5):
        ask()
        clock.advance(days=80)
    assert sum(day.asked for day in store.insights(1, start).days) == 5
