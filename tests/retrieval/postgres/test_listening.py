"""What is notified is heard, and who may have missed something is told that."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from retrieval.postgres.servers import Servers
from tests.postgres.fixtures import Pair

CHANNEL = "any Channel"


class Listener:
    """Hears what is notified on the channel, in a thread."""

    def __init__(self, servers: Servers) -> None:
        self.heard: list[str | None] = []
        self._told = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=servers.listen, args=(CHANNEL, self._hear, self._stop)
        )
        self._thread.start()

    def wait(self, *expected: str | None) -> None:
        """Wait until exactly this was heard."""
        with self._told:
            assert self._told.wait_for(lambda: len(self.heard) >= len(expected), 10), self.heard
            assert self.heard == list(expected)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _hear(self, payload: str | None) -> None:
        with self._told:
            self.heard.append(payload)
            self._told.notify_all()


@pytest.fixture
def servers(postgres_pair: Pair) -> Iterator[Servers]:
    made = Servers(postgres_pair.either_url)
    yield made
    made.close()


@pytest.fixture
def listener(servers: Servers) -> Iterator[Listener]:
    made = Listener(servers)
    yield made
    made.close()


def tell(servers: Servers, payload: str) -> None:
    with servers.write(None) as connection:
        servers.notify(connection, CHANNEL, payload)


def test_what_is_told_is_heard_in_its_order(servers: Servers, listener: Listener) -> None:
    listener.wait(None)
    for payload in ("one", "two", "three \0 \ud800 '"):
        tell(servers, payload)
    listener.wait(None, "one", "two", "three \0 \ud800 '")


def test_what_is_undone_is_never_told(servers: Servers, listener: Listener) -> None:
    listener.wait(None)
    with servers.write(None) as connection:
        servers.notify(connection, CHANNEL, "undone")
        connection.rollback()
    tell(servers, "kept")
    listener.wait(None, "kept")


def test_all_who_listen_hear_it(servers: Servers, listener: Listener) -> None:
    others = [Listener(servers) for _ in range(3)]
    for each in (listener, *others):
        each.wait(None)
    tell(servers, "one")
    for each in (listener, *others):
        each.wait(None, "one")
    for each in others:
        each.close()


@pytest.mark.parametrize("how", ["terminated", "restarted"])
def test_who_was_cut_off_listens_again_and_is_told_that_something_may_have_been_missed(
    postgres_pair: Pair, servers: Servers, listener: Listener, how: str
) -> None:
    listener.wait(None)
    tell(servers, "one")
    listener.wait(None, "one")
    if how == "restarted":
        postgres_pair.primary.restart()
    else:
        with postgres_pair.primary.superuser() as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE query LIKE 'LISTEN%'"
            ).fetchall()
            assert ended == [(True,)]
    listener.wait(None, "one", None)
    tell(servers, "two")
    listener.wait(None, "one", None, "two")


def test_a_listener_that_begins_before_the_server_does_hears_it_then(
    postgres_pair: Pair, servers: Servers
) -> None:
    postgres_pair.primary.stop()
    try:
        listener = Listener(servers)
    finally:
        postgres_pair.primary.start()
    listener.wait(None)
    tell(servers, "one")
    listener.wait(None, "one")
    listener.close()
