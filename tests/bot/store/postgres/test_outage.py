"""While the database is away, few wait for it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.store import Store
from bot.store.postgres import PostgresPeople
from bot.store.postgres.outage import Outage
from retrieval.errors import StorageError
from retrieval.postgres.errors import UnreachableError
from tests.bot.store.conftest import Ask
from tests.postgres.cluster import Stage


def miss(outage: Outage) -> None:
    with pytest.raises(UnreachableError, match="away"), outage.watch():
        raise UnreachableError("The database is away.", remedy="Wait.")


def test_one_looks_for_it_while_the_others_are_told_at_once() -> None:
    outage, looking, seen = Outage(), threading.Event(), threading.Event()
    miss(outage)

    def look() -> None:
        with outage.watch():
            looking.set()
            assert seen.wait(10)

    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(look)
        assert looking.wait(10)
        for _ in range(3):
            with pytest.raises(UnreachableError, match=r"away.*Wait"), outage.watch():
                pytest.fail("it was waited for")
        seen.set()
        found.result()
    with outage.watch():
        pass


def test_who_looks_in_vain_lets_the_next_look() -> None:
    outage = Outage()
    for _ in range(3):
        miss(outage)
    with pytest.raises(ValueError, match="there"), outage.watch():
        raise ValueError("whoever says anything is there")
    with outage.watch(), outage.watch():
        pass


def test_what_was_kept_is_kept_and_more_can_be_after_a_restart(
    store: Store, ask: Ask, postgres_stage: Stage, people_url: str
) -> None:
    """The server ends every connection, as it does when it restarts."""
    before = ask(1)
    with postgres_stage.cluster.superuser() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [people_url.rpartition("/")[2]],
        )
    after = ask(1)
    assert [asked.id for asked in store.open_questions(1)] == [after, before]


def test_a_change_that_the_server_breaks_off_is_made_once(
    store: Store, ask: Ask, postgres_stage: Stage, people_url: str
) -> None:
    name = people_url.rpartition("/")[2]
    ask(1)
    with ThreadPoolExecutor(1) as thread:
        with (
            postgres_stage.cluster.superuser(name) as connection,
            connection.transaction(),
        ):
            connection.execute("LOCK TABLE asked IN ACCESS EXCLUSIVE MODE")
            asking = thread.submit(ask, 1)
            ended = 0
            deadline = time.monotonic() + 10
            while not ended and time.monotonic() < deadline:
                with postgres_stage.cluster.superuser() as other:
                    ended = len(
                        other.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE datname = %s AND wait_event_type = 'Lock'",
                            [name],
                        ).fetchall()
                    )
        assert ended == 1
        asking.result()
    assert store.count_open(1) == 2


def test_that_it_is_away_is_said_plainly(nowhere: PostgresPeople) -> None:
    with pytest.raises(StorageError, match=r"cannot be reached.*try again"):
        nowhere.read(1, lambda connection: None)
