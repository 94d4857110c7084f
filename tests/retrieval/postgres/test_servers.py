"""Transactions on a server: whose rows they see, what is kept of them, and what is told."""

from __future__ import annotations

import logging
import threading
import traceback

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from retrieval.errors import SettingsError, StorageError
from retrieval.postgres.addresses import POOL_OVERFLOW, POOL_SIZE
from retrieval.postgres.errors import UnreachableError
from retrieval.postgres.servers import Servers, driver_of
from tests.retrieval.postgres.rows import add, names


class TestWriting:
    def test_a_transaction_is_kept_as_a_whole(self, servers: Servers) -> None:
        with servers.write("one") as connection:
            add(connection, "one")
        with servers.write("two") as connection:
            add(connection, "two")
        assert names(servers) == ["one", "two"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, StorageError])
    def test_what_raises_is_undone(self, servers: Servers, error: type[BaseException]) -> None:
        def change() -> None:
            with servers.write("one") as connection:
                add(connection, "one")
                raise error("stop")

        with pytest.raises(error):
            change()
        assert names(servers) == []
        with servers.write("one") as connection:
            add(connection, "one")
        assert names(servers) == ["one"]

    def test_what_breaks_a_rule_is_undone_and_told_without_what_people_wrote(
        self, servers: Servers
    ) -> None:
        def change() -> None:
            with servers.write(wrote) as connection:
                add(connection, wrote)
                add(connection, wrote)

        wrote = " ".join(["their", "words"])
        with pytest.raises(StorageError, match=r"duplicate key.*Nothing was changed") as caught:
            change()
        assert wrote not in "".join(traceback.format_exception(caught.value))
        assert names(servers) == []

    def test_who_goes_on_after_an_error_is_told_that_nothing_was_kept(
        self, servers: Servers
    ) -> None:
        def change() -> None:
            with servers.write("one") as connection:
                add(connection, "one")
                with pytest.raises(SQLAlchemyError):
                    add(connection, "one")

        with pytest.raises(StorageError, match="Nothing was changed"):
            change()
        assert names(servers) == []

    def test_a_part_of_it_may_fail_alone(self, servers: Servers) -> None:
        with servers.write("one") as connection:
            add(connection, "one")
            with pytest.raises(SQLAlchemyError), connection.begin_nested():
                add(connection, "one")
        assert names(servers) == ["one"]

    def test_the_driver_may_copy_into_a_table_of_the_transaction(self, servers: Servers) -> None:
        with servers.write("one") as connection:
            driver = driver_of(connection)
            driver.execute("CREATE TEMPORARY TABLE given (name text) ON COMMIT DROP")
            with driver.cursor().copy("COPY given FROM STDIN") as rows:
                rows.write_row(["one"])
            driver.execute("INSERT INTO collections (name) SELECT name FROM given")
        assert names(servers) == ["one"]

    def test_what_is_done_again_after_a_failure_is_done_once(self, servers: Servers) -> None:
        attempts: list[Connection] = []

        def work(connection: Connection) -> int:
            attempts.append(connection)
            add(connection, "one")
            if len(attempts) == 1:
                raise UnreachableError("The server broke off.")
            return 7

        assert servers.change(work, "one") == 7
        assert len(attempts) == 2
        assert names(servers) == ["one"]

    def test_the_server_notices_soon_that_a_machine_is_gone_that_changes_something(
        self, servers: Servers
    ) -> None:
        with servers.write("one") as connection:
            assert connection.execute(text("SHOW tcp_keepalives_idle")).scalar() == "10"


class TestReading:
    def test_it_sees_one_moment_whatever_is_written_meanwhile(self, servers: Servers) -> None:
        with servers.read(None) as connection:
            before = connection.execute(text("SELECT name FROM collections")).all()
            with servers.write("one") as writing:
                add(writing, "one")
            assert connection.execute(text("SELECT name FROM collections")).all() == before == []
        assert names(servers) == ["one"]

    def test_nothing_can_be_changed_by_it(self, servers: Servers) -> None:
        def change() -> None:
            with servers.read("one") as connection:
                add(connection, "one")

        with pytest.raises(StorageError, match="read-only"):
            change()

    def test_more_settings_hold_for_the_transaction_alone(self, servers: Servers) -> None:
        asked = text("SELECT current_setting('footnote.server', true)")
        with servers.read(None, settings={"footnote.server": "it's\\7"}) as connection:
            assert connection.execute(asked).scalar() == "it's\\7"
        for _ in range(20):
            with servers.read(None) as connection:
                assert not connection.execute(asked).scalar()

    def test_a_question_does_not_wait_for_a_lock_for_ever(
        self, servers: Servers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("retrieval.postgres.servers._LONGEST_ANSWER", "200ms")
        segments = text("SELECT segment FROM segments WHERE collection = 'one'")

        def ask() -> None:
            with servers.read("one", needs="first") as connection:
                connection.execute(segments)

        with servers.write("two") as locking:
            locking.execute(text("LOCK TABLE segments IN ACCESS EXCLUSIVE MODE"))
            with pytest.raises(StorageError, match="statement timeout"):
                ask()
        ask()

    @pytest.mark.parametrize("name", ["'; DROP TABLE collections; --", "\\'", "%s", "\0", "*'"])
    def test_a_name_is_nothing_but_a_name(self, servers: Servers, name: str) -> None:
        with servers.write("one") as connection:
            add(connection, "one")
        with servers.read(name) as connection:
            assert connection.execute(text("SELECT name FROM collections")).all() == []
        assert names(servers) == ["one"]

    def test_no_collection_has_the_name_that_stands_for_all(self, servers: Servers) -> None:
        with pytest.raises(ValueError, match="name"), servers.read("*"):
            pass


class TestManyAtOnce:
    def test_they_wait_for_a_connection_and_are_told_where_there_is_none(
        self, postgres_url: str
    ) -> None:
        servers = Servers(postgres_url, wait=0.3)
        release, entered = threading.Event(), threading.Semaphore(0)

        def hold() -> None:
            with servers.read(None):
                entered.release()
                release.wait(30)

        threads = [threading.Thread(target=hold) for _ in range(POOL_SIZE + POOL_OVERFLOW)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert entered.acquire(timeout=30)
        try:
            with pytest.raises(StorageError, match=r"busy.*Try again"):
                names(servers)
        finally:
            release.set()
        for thread in threads:
            thread.join()
        assert names(servers) == []
        servers.close()


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "mysql://footnote:secret@localhost/x",
            "postgresql://footnote:secret@[::1/x",
            "postgresql://footnote:secret@localhost:port/x?no=such",
            "postgresql://footnote:secret%zz@localhost/x",
            "host=localhost password=secret",
        ],
    )
    def test_what_is_none_is_refused_with_an_example_and_not_repeated(self, url: str) -> None:
        with pytest.raises(SettingsError, match=r"FOOTNOTE_DATABASE_URL.*postgresql://") as caught:
            Servers(url)
        told = "".join(traceback.format_exception(caught.value))
        assert "secret" not in told
        with pytest.raises(SettingsError, match="FOOTNOTE_REPLICA_URLS"):
            Servers("postgresql://localhost/x", [url])

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql+psycopg", "postgresql+psycopg2"])
    def test_other_ways_to_write_it_are_understood(self, postgres_url: str, scheme: str) -> None:
        servers = Servers(postgres_url.replace("postgresql", scheme, 1))
        assert names(servers) == []
        servers.close()

    @pytest.mark.parametrize(
        ("there", "instead", "told"),
        [
            ("footnote:", "stranger:", 'role "stranger" does not exist'),
            ("/test_", "/none_", "does not exist"),
        ],
    )
    def test_waiting_is_left_where_it_does_not_help(
        self, postgres_url: str, there: str, instead: str, told: str
    ) -> None:
        servers = Servers(postgres_url.replace(there, instead), wait=3600)
        with pytest.raises(UnreachableError, match=told):
            names(servers)

    def test_a_password_is_right_or_refused_at_once_and_never_repeated(
        self, postgres_url: str
    ) -> None:
        url = postgres_url.replace("footnote:secret", "locked:{}")
        servers = Servers(url.format("right%40"))
        with servers.read(None) as connection:
            assert connection.execute(text("SELECT current_user")).scalar() == "locked"
        servers.close()
        with pytest.raises(UnreachableError, match="password authentication failed") as caught:
            names(Servers(url.format("wrong%40"), wait=3600))
        assert "wrong@" not in "".join(traceback.format_exception(caught.value))

    def test_nobody_is_told_the_address(
        self, caplog: pytest.LogCaptureFixture, postgres_url: str
    ) -> None:
        # Nobody listens on the port that is discarded.
        url = "postgresql://footnote:secret@127.0.0.1:9/x"
        servers = Servers(url, [url], wait=0.2)
        with caplog.at_level(logging.DEBUG):
            with pytest.raises(UnreachableError, match=r"cannot be reached.*refused") as caught:
                names(servers)
            with pytest.raises(UnreachableError), servers.read("one", needs="segment"):
                pass
            stop = threading.Event()
            listener = threading.Thread(target=servers.listen, args=("x", print, stop))
            listener.start()
            with pytest.raises(UnreachableError):
                servers.advisory("one").acquire()
            stop.set()
            listener.join()
        told = "".join(traceback.format_exception(caught.value))
        for said in (str(caught.value), told, caplog.text, repr(servers), str(vars(servers))):
            assert "secret" not in said
            assert "127.0.0.1" not in said
