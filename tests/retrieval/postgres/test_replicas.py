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
from tests.postgres.proxy import Proxy
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


class TestHanging:
    """A server, or what lies before it, takes what is sent and answers nothing."""

    @pytest.fixture
    def proxy(self, postgres_pair: Pair) -> Iterator[Proxy]:
        with Proxy(postgres_pair.replica.port) as made:
            yield made

    @pytest.fixture
    def servers(
        self, postgres_pair: Pair, servers: Servers, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Servers]:
        add_segment(servers, "mine", "first")
        postgres_pair.wait()
        made = Servers(postgres_pair.url, [proxy.url(postgres_pair.replica_url)], wait=0.2)
        assert asks_replica(made, "first")
        # Not before: a machine that is busy takes its time to connect.
        monkeypatch.setattr(pools, "BEGINS_WITHIN_S", 0.4)
        monkeypatch.setattr("retrieval.postgres.servers._PATIENCE_S", 1.0)
        yield made
        made.close()

    def test_another_is_asked_instead(self, servers: Servers, proxy: Proxy) -> None:
        proxy.freeze()
        start = time.monotonic()
        assert not asks_replica(servers, "first")
        assert not asks_replica(servers, "first")
        assert time.monotonic() - start < 5

    def test_of_the_one_that_is_changed_that_is_told(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        with Proxy(postgres_pair.primary.port) as before:
            hangs = Servers(before.url(postgres_pair.url), wait=0.2)
            names(hangs)
            before.freeze()
            start = time.monotonic()
            with pytest.raises(UnreachableError, match=r"cannot be reached.*does not answer"):
                names(hangs)
            assert time.monotonic() - start < 5
            hangs.close()

    def test_a_question_that_has_begun_is_given_up(self, servers: Servers, proxy: Proxy) -> None:
        start = time.monotonic()

        def ask() -> None:
            with servers.read("mine", needs="first") as connection:
                proxy.freeze()
                connection.execute(text("SELECT 1"))

        with pytest.raises(UnreachableError, match="does not answer"):
            ask()
        assert time.monotonic() - start < 5
        proxy.thaw()

    def test_what_takes_its_time_within_bounds_is_waited_for(self, servers: Servers) -> None:
        with servers.read("mine", needs="first") as connection:
            assert is_replica(connection)
            assert connection.execute(text("SELECT 7 FROM pg_sleep(0.5)")).scalar() == 7
        with servers.read("mine") as connection:
            assert connection.execute(text("SELECT 7 FROM pg_sleep(1.2)")).scalar() == 7


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

    def test_who_comes_after_somebody_who_waited_in_vain_is_told_at_once(
        self, postgres_pair: Pair
    ) -> None:
        """Questions that wait for each other must not wait for the server one after the other."""
        servers = Servers(postgres_pair.url, wait=1)
        starts, ends = [], []
        for _ in range(5):
            starts.append(time.monotonic())
            with pytest.raises(UnreachableError, match="cannot be reached"):
                names(servers)
            ends.append(time.monotonic())
        servers.close()
        assert ends[0] - starts[0] > 0.5, "the first waits"
        assert ends[-1] - starts[1] < 0.5, "and the others do not"

    def test_once_it_is_back_it_is_waited_for_again(self, postgres_pair: Pair) -> None:
        servers = Servers(postgres_pair.url, wait=0.5)
        with pytest.raises(UnreachableError):
            names(servers)
        postgres_pair.primary.start()
        names(servers)
        postgres_pair.primary.stop()
        start = time.monotonic()
        with pytest.raises(UnreachableError):
            names(servers)
        assert time.monotonic() - start > 0.2
        servers.close()

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
