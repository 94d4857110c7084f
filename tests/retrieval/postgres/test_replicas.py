"""Replicas: asked for what they have, and for nothing else; missed by nobody when they are away."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from retrieval.postgres import pools
from retrieval.postgres.errors import UnreachableError
from retrieval.postgres.servers import Servers
from tests.postgres.fixtures import Pair
from tests.retrieval.postgres.rows import add_segment, backend, is_replica, names


@pytest.fixture
def servers(postgres_pair: Pair) -> Iterator[Servers]:
    made = Servers(postgres_pair.url, [postgres_pair.replica_url], wait=0.2)
    yield made
    made.close()
    with postgres_pair.primary.superuser(postgres_pair.name) as connection:
        connection.execute("DELETE FROM segments")
        connection.execute("DELETE FROM collections")
    postgres_pair.wait()


def asks_replica(servers: Servers, segment: str, collection: str = "mine") -> bool:
    """Whether a question for a segment goes to a replica. It sees the segment wherever it goes."""
    with servers.read(collection, needs=segment) as connection:
        seen = connection.execute(text("SELECT segment FROM segments")).scalars().all()
        assert segment in seen
        return is_replica(connection)


def test_one_that_has_a_segment_is_asked(postgres_pair: Pair, servers: Servers) -> None:
    add_segment(servers, "mine", "first")
    postgres_pair.wait()
    assert asks_replica(servers, "first")
    assert asks_replica(servers, "first")


def test_one_that_is_behind_is_not_asked_for_what_it_has_not(
    postgres_pair: Pair, servers: Servers
) -> None:
    add_segment(servers, "mine", "first")
    postgres_pair.wait()
    postgres_pair.replica.pause_replay()
    try:
        add_segment(servers, "mine", "second")
        assert not asks_replica(servers, "second")
        # For what was there before it is as good as any.
        assert asks_replica(servers, "first")
    finally:
        postgres_pair.replica.resume_replay()
    postgres_pair.wait()
    assert asks_replica(servers, "second")


def test_nobody_who_may_be_behind_is_asked_where_nothing_is_promised(
    postgres_pair: Pair, servers: Servers
) -> None:
    postgres_pair.wait()
    with servers.read("mine") as connection:
        assert not is_replica(connection)
    with servers.write("mine") as connection:
        assert not is_replica(connection)


def test_anothers_segment_of_the_same_name_does_not_count(
    postgres_pair: Pair, servers: Servers
) -> None:
    add_segment(servers, "theirs", "first")
    postgres_pair.wait()
    with servers.read("mine", needs="first") as connection:
        assert not is_replica(connection)
        assert connection.execute(text("SELECT segment FROM segments")).all() == []


def test_several_take_turns(postgres_pair: Pair) -> None:
    replicas = [postgres_pair.replica_url] * 3
    servers = Servers(postgres_pair.url, replicas)
    add_segment(servers, "mine", "turns")
    postgres_pair.wait()
    asked = set()
    for _ in range(6):
        with servers.read("mine", needs="turns") as connection:
            asked.add(backend(connection))
    assert len(asked) == 3
    servers.close()


def test_one_that_is_away_is_left_out_and_asked_again_when_it_is_back(
    postgres_pair: Pair, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LEFT_OUT_S", 0.2)
    add_segment(servers, "mine", "first")
    postgres_pair.wait()
    assert asks_replica(servers, "first")
    postgres_pair.replica.stop()
    try:
        for _ in range(3):
            assert not asks_replica(servers, "first")
    finally:
        postgres_pair.replica.start()
    deadline = time.monotonic() + 10
    while not asks_replica(servers, "first"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_while_one_is_left_out_nobody_waits_for_it(
    postgres_pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody listens on the port that is discarded.
    servers = Servers(postgres_pair.url, ["postgresql://127.0.0.1:9/x"])
    add_segment(servers, "mine", "away")
    assert not asks_replica(servers, "away")
    tried: list[object] = []
    monkeypatch.setattr(servers._replicas[0], "begin", tried.append)
    for _ in range(3):
        assert not asks_replica(servers, "away")
    assert not tried
    servers.close()


def test_what_was_remembered_of_one_is_forgotten_with_its_connections(
    postgres_pair: Pair, servers: Servers
) -> None:
    """Behind the address may be another server by then, which has not come so far."""
    add_segment(servers, "mine", "first")
    postgres_pair.wait()
    assert asks_replica(servers, "first")
    (pool,) = servers._replicas
    assert pool.is_known_to_have("mine", "first")
    postgres_pair.replica.restart()
    assert not asks_replica(servers, "first")
    assert not pool.is_known_to_have("mine", "first")


class TestWithoutThePrimary:
    @pytest.fixture(autouse=True)
    def stopped(self, postgres_pair: Pair, servers: Servers) -> Iterator[None]:
        add_segment(servers, "mine", "first")
        postgres_pair.wait()
        postgres_pair.primary.stop()
        yield
        postgres_pair.primary.start()

    def test_replicas_answer_for_what_they_have(self, servers: Servers) -> None:
        assert asks_replica(servers, "first")

    def test_the_rest_waits_and_fails_with_a_plain_sentence(self, servers: Servers) -> None:
        said = r"The database server cannot be reached\. .*refused.*FOOTNOTE_DATABASE_URL"
        for _ in range(2):
            with pytest.raises(UnreachableError, match=said):
                names(servers)
            with pytest.raises(UnreachableError, match=said), servers.write("mine"):
                pass
            with pytest.raises(UnreachableError, match=said), servers.read("mine", needs="other"):
                pass

    def test_a_server_that_follows_is_not_taken_for_the_one_that_is_changed(
        self, postgres_pair: Pair
    ) -> None:
        for url in (
            postgres_pair.replica_url,
            f"{postgres_pair.replica_url}?target_session_attrs=any",
        ):
            servers = Servers(url, wait=0.2)
            with pytest.raises(UnreachableError, match="cannot be reached"):
                names(servers)
            with pytest.raises(UnreachableError, match="cannot be reached"), servers.write("mine"):
                pass
            servers.close()
