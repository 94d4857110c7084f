"""What Discord was told of is remembered for all processes."""

from __future__ import annotations

from bot.store.postgres import PostgresPeople, SharedRegistrations
from retrieval.postgres.servers import Servers


def test_nothing_is_remembered_at_first(people: PostgresPeople) -> None:
    assert SharedRegistrations(people).last("1@discord") is None


def test_what_one_process_registered_last_another_knows(
    people: PostgresPeople, servers: Servers
) -> None:
    one, other = (
        SharedRegistrations(each) for each in (people, PostgresPeople(servers, keep_text=True))
    )
    one.keep("1@discord", "first")
    assert other.last("1@discord") == "first"
    other.keep("1@discord", "second")
    assert one.last("1@discord") == "second"


def test_bots_are_told_apart(people: PostgresPeople) -> None:
    registrations = SharedRegistrations(people)
    registrations.keep("1@discord", "one")
    registrations.keep("2@discord", "other")
    assert registrations.last("1@discord") == "one"
