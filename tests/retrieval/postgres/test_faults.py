"""Servers that break off: questions wait or are told so, and what is kept is kept once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count

import psycopg
import pytest
from sqlalchemy import Connection, text

from retrieval.postgres.errors import UnknownOutcomeError, UnreachableError
from retrieval.postgres.outcome import Outcome, Token
from retrieval.postgres.servers import Servers
from tests.postgres.cluster import Cluster
from tests.postgres.fixtures import Pair
from tests.postgres.proxy import Cut, Proxy
from tests.retrieval.postgres.rows import add, backend, is_replica, names

BROKE_OFF = r"The database server broke off\. .*Nothing was changed"


@pytest.fixture
def servers(postgres_pair: Pair) -> Iterator[Servers]:
    made = Servers(postgres_pair.url, wait=10)
    yield made
    made.close()
    with postgres_pair.primary.superuser(postgres_pair.name) as connection:
        connection.execute("DELETE FROM collections")


def terminate(cluster: Cluster, process: int) -> None:
    """End one connection as an administrator does, and wait until it has ended."""
    with cluster.superuser() as connection:
        done = connection.execute("SELECT pg_terminate_backend(%s, 10000)", [process]).fetchone()
        assert done == (True,)


class TestRestarts:
    def test_between_transactions_nobody_notices(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        with servers.write("one") as connection:
            add(connection, "one")
        for end in (postgres_pair.primary.stop, postgres_pair.primary.kill):
            end()
            postgres_pair.primary.start()
            assert names(servers) == ["one"]
            with servers.write("one") as connection:
                connection.execute(text("UPDATE collections SET encoded = encoded + 1"))

    def test_who_asks_meanwhile_waits(self, postgres_pair: Pair, servers: Servers) -> None:
        assert names(servers) == []
        postgres_pair.primary.stop()
        later = threading.Timer(0.3, postgres_pair.primary.start)
        later.start()
        try:
            with servers.write("one") as connection:
                add(connection, "one")
        finally:
            later.join()
        assert names(servers) == ["one"]

    def test_in_a_transaction_it_is_undone_and_told(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        def change() -> None:
            with servers.write("one") as connection:
                add(connection, "one")
                postgres_pair.primary.restart()
                connection.execute(text("SELECT 1"))

        with pytest.raises(UnreachableError, match=BROKE_OFF):
            change()
        assert names(servers) == []

    def test_what_may_be_asked_again_is(self, postgres_pair: Pair, servers: Servers) -> None:
        attempts = count()

        def ask(connection: Connection) -> int:
            attempt = next(attempts)
            if attempt == 0:
                postgres_pair.primary.restart()
            connection.execute(text("SELECT 1"))
            return attempt

        assert servers.ask(ask, None) == 1

    def test_a_server_that_is_killed_while_many_write_loses_and_doubles_nothing(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        kept: set[str] = set()
        undone: set[str] = set()
        unexpected: list[BaseException] = []
        stop = threading.Event()

        def write(writer: int) -> None:
            for number in count():
                if stop.is_set():
                    return
                name = f"{writer}-{number}"
                try:
                    with servers.write(name) as connection:
                        add(connection, name)
                    kept.add(name)
                except UnreachableError:
                    undone.add(name)
                except BaseException as error:
                    unexpected.append(error)
                    return

        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
        for writer in writers:
            writer.start()
        for _ in range(2):
            reached = len(kept) + 100
            while len(kept) < reached and not unexpected:
                time.sleep(0.01)
            postgres_pair.primary.kill()
            postgres_pair.primary.start()
        stop.set()
        for writer in writers:
            writer.join(30)
        assert not unexpected
        assert set(names(servers)) == kept
        assert not kept & undone


class TestConnections:
    def test_one_that_is_ended_in_the_middle_of_a_question_is_told(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        def ask() -> None:
            with servers.read(None) as connection:
                process = backend(connection)
                ending = threading.Timer(0.2, terminate, (postgres_pair.primary, process))
                ending.start()
                connection.execute(text("SELECT pg_sleep(30)"))

        with pytest.raises(UnreachableError, match=r"broke off.*terminating connection.*Try again"):
            ask()
        assert names(servers) == []

    def test_one_that_is_ended_after_the_last_answer_spoils_nothing(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        with servers.read(None) as connection:
            terminate(postgres_pair.primary, backend(connection))
        assert names(servers) == []

    def test_one_that_is_ended_before_the_change_is_kept_undoes_it(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        def change() -> None:
            with servers.write("one") as connection:
                add(connection, "one")
                terminate(postgres_pair.primary, backend(connection))

        with pytest.raises(UnreachableError, match=BROKE_OFF):
            change()
        assert names(servers) == []

    def test_one_that_is_ended_while_the_change_is_kept_is_asked_about(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        """The change waits for a replica that nobody has, and is kept here all the same."""
        primary = postgres_pair.primary
        with primary.superuser() as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            connection.execute("SELECT pg_reload_conf()")
        try:
            with servers.write("one") as connection:
                add(connection, "one")
                ending = threading.Thread(
                    target=end_when_it_waits, args=(primary, backend(connection))
                )
                ending.start()
            ending.join(10)
        finally:
            with primary.superuser() as connection:
                connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
                connection.execute("SELECT pg_reload_conf()")
        assert names(servers) == ["one"]


def end_when_it_waits(cluster: Cluster, process: int) -> None:
    query = "SELECT wait_event FROM pg_stat_activity WHERE pid = %s"
    with cluster.superuser() as connection:
        deadline = time.monotonic() + 10
        while connection.execute(query, [process]).fetchone() != ("SyncRep",):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    terminate(cluster, process)


class TestOutcomes:
    """The connection breaks that carries the COMMIT."""

    @pytest.fixture
    def proxy(self, postgres_pair: Pair) -> Iterator[Proxy]:
        with Proxy(postgres_pair.primary.port) as made:
            yield made

    @pytest.fixture
    def servers(self, postgres_pair: Pair, servers: Servers, proxy: Proxy) -> Iterator[Servers]:
        made = Servers(proxy.url(postgres_pair.url))
        yield made
        made.close()

    def test_what_the_server_has_kept_is_kept_once(self, servers: Servers, proxy: Proxy) -> None:
        for number in range(3):
            proxy.cut(Cut.AFTER)
            with servers.write(f"{number}") as connection:
                add(connection, f"{number}")
        assert proxy.cuts == 3
        assert names(servers) == ["0", "1", "2"]

    def test_what_the_server_never_heard_of_is_told_to_be_undone(
        self, servers: Servers, proxy: Proxy
    ) -> None:
        proxy.cut(Cut.BEFORE)
        with (
            pytest.raises(UnreachableError, match=BROKE_OFF),
            servers.write("one") as connection,
        ):
            add(connection, "one")
        assert proxy.cuts == 1
        assert names(servers) == []

    @pytest.mark.parametrize("cut", Cut)
    def test_what_may_be_done_again_is_done_once(
        self, servers: Servers, proxy: Proxy, cut: Cut
    ) -> None:
        proxy.cut(cut)
        servers.change(lambda connection: add(connection, "one"), "one")
        assert proxy.cuts == 1
        assert names(servers) == ["one"]

    def test_where_nobody_can_be_asked_that_is_told(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        impatient = Servers(postgres_pair.url, wait=0.2)

        def change() -> None:
            with impatient.write("one") as connection:
                add(connection, "one")
                postgres_pair.primary.stop()

        try:
            with pytest.raises(UnknownOutcomeError, match=r"cannot be asked.*Look whether"):
                change()
        finally:
            postgres_pair.primary.start()
        impatient.close()
        assert names(servers) == []

    def test_a_transaction_that_is_not_over_is_not_taken_for_undone(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        with (
            psycopg.connect(postgres_pair.url, autocommit=True) as asked,
            psycopg.connect(postgres_pair.url, autocommit=True) as changing,
        ):
            for end, outcome in (("COMMIT", Outcome.KEPT), ("ROLLBACK", Outcome.UNDONE)):
                token = Token()
                cursor = changing.execute(f"BEGIN; {token.leave()}")
                while cursor.nextset():
                    pass
                (number,) = cursor.fetchone() or ()
                assert token.outcome(number, asked) is Outcome.IN_PROGRESS
                changing.execute(end)
                assert token.outcome(number, asked) is outcome

    def test_a_number_that_was_given_to_another_after_a_crash_does_not_mislead(
        self, postgres_pair: Pair, servers: Servers
    ) -> None:
        with psycopg.connect(postgres_pair.url, autocommit=True) as asked:
            with servers.write("another") as connection:
                add(connection, "another")
                number = connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar()
            assert Token().outcome(str(number), asked) is Outcome.UNDONE
            ahead = str(int(str(number)) + 1_000_000)
            assert Token().outcome(ahead, asked) is Outcome.UNDONE

    def test_tokens_are_forgotten_after_a_while(self, postgres_pair: Pair) -> None:
        with postgres_pair.primary.superuser(postgres_pair.name) as direct:
            direct.execute("UPDATE transactions SET made = made - interval '3 hours'")
            with Servers(postgres_pair.url).write(None):
                pass
            assert direct.execute("SELECT count(*) FROM transactions").fetchone() == (1,)


class TestFailover:
    def test_the_promoted_replica_is_written_to_and_has_what_it_had_heard_of(
        self, postgres_cluster: Pair
    ) -> None:
        servers = Servers(postgres_cluster.either_url)
        with servers.write("before") as connection:
            add(connection, "before")
        postgres_cluster.wait()

        def change() -> None:
            with servers.write("during") as connection:
                add(connection, "during")
                postgres_cluster.primary.kill()
                connection.execute(text("SELECT 1"))

        with pytest.raises(UnreachableError, match=BROKE_OFF):
            change()
        later = threading.Timer(0.3, postgres_cluster.replica.promote)
        later.start()
        with servers.write("after") as connection:
            assert not is_replica(connection)
            add(connection, "after")
        later.join()
        assert names(servers) == ["after", "before"]
        servers.close()

    @pytest.mark.parametrize("was_heard_of", [True, False])
    def test_of_a_change_that_it_may_have_heard_of_the_promoted_replica_is_asked(
        self, postgres_cluster: Pair, was_heard_of: bool
    ) -> None:
        primary, replica = postgres_cluster.primary, postgres_cluster.replica
        with Proxy(primary.port) as proxy:
            servers = Servers(proxy.url(postgres_cluster.either_url))

            def change() -> None:
                with servers.write("one") as connection:
                    add(connection, "one")
                    if not was_heard_of:
                        primary.refuse_replicas()
                    proxy.cut(Cut.AFTER, then=fail_over)

            def fail_over() -> None:
                if was_heard_of:
                    postgres_cluster.wait()
                primary.kill()
                replica.promote()

            if was_heard_of:
                change()
            else:
                with pytest.raises(UnreachableError, match=BROKE_OFF):
                    change()
            assert names(servers) == (["one"] if was_heard_of else [])
            servers.close()
