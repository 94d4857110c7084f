"""One of all has the lock, for as long as its session lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from retrieval.postgres.servers import Servers
from tests.postgres.cluster import Stage


@pytest.fixture
def other(postgres_url: str) -> Iterator[Servers]:
    """Another process's view of the same server."""
    made = Servers(postgres_url)
    yield made
    made.close()


def test_one_has_it_and_the_others_do_not(servers: Servers, other: Servers) -> None:
    with servers.advisory("leader") as is_had:
        assert is_had
        with other.advisory("leader") as is_had_too:
            assert not is_had_too
        with other.advisory("another") as is_had_too:
            assert is_had_too
    with other.advisory("leader") as is_had_too:
        assert is_had_too


def test_what_was_let_go_of_can_be_had_before_the_server_has_ended_the_session(
    servers: Servers, other: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = servers.advisory("leader")
    assert lock.acquire()
    session = lock._connection
    assert session is not None
    with monkeypatch.context() as slow:
        slow.setattr(session, "close", lambda: None)
        lock.release()
    with other.advisory("leader") as is_had:
        assert is_had
    session.close()


def test_of_many_who_come_at_once_one_has_it(servers: Servers) -> None:
    locks = [servers.advisory("leader") for _ in range(8)]
    with ThreadPoolExecutor(len(locks)) as pool:
        had = list(pool.map(lambda lock: lock.acquire(), locks))
    assert sum(had) == 1
    assert [lock.holds() for lock in locks] == had
    for lock in locks:
        lock.release()
    assert not any(lock.holds() for lock in locks)


def test_the_server_notices_soon_that_the_machine_is_gone_that_has_it(servers: Servers) -> None:
    lock = servers.advisory("leader")
    assert lock.acquire()
    assert lock._connection is not None
    kept = lock._connection.execute("SHOW tcp_keepalives_idle").fetchone()
    assert kept == ("10",)
    lock.release()


def test_it_is_free_for_all_databases_of_others(servers: Servers, postgres_stage: Stage) -> None:
    with postgres_stage.database() as name:
        elsewhere = Servers(postgres_stage.cluster.url(name))
        with servers.advisory("leader") as is_had, elsewhere.advisory("leader") as is_had_too:
            assert is_had
            assert is_had_too


def test_who_lost_the_session_has_it_no_more(
    servers: Servers, other: Servers, postgres_url: str, postgres_stage: Stage
) -> None:
    lock = servers.advisory("leader")
    assert lock.acquire()
    assert lock.holds()
    with postgres_stage.cluster.superuser() as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_database ON"
            " pg_database.oid = database WHERE locktype = 'advisory' AND datname = %s",
            [postgres_url.rpartition("/")[2]],
        ).fetchall()
        assert ended == [(True,)]
    with other.advisory("leader") as is_had:
        assert is_had
        assert not lock.holds()
        assert not lock.acquire()
    assert lock.acquire()
    lock.release()


def test_a_lock_with_a_lease_is_lost_by_whoever_does_not_ask_for_it(
    servers: Servers, other: Servers
) -> None:
    lock = servers.advisory("leader", lease_s=0.2)
    assert lock.acquire()
    deadline = time.monotonic() + 10
    while not (taken := other.advisory("leader")).acquire():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not lock.holds()
    taken.release()


def test_a_lock_with_a_lease_is_kept_by_whoever_asks_for_it(servers: Servers) -> None:
    lock = servers.advisory("leader", lease_s=1.0)
    assert lock.acquire()
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        assert lock.holds()
        time.sleep(0.1)
    lock.release()
