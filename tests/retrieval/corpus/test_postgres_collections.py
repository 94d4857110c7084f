"""Collections on PostgreSQL behave as those in files do: the same tests, in another house."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.corpus.postgres_backend import PostgresBackend
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import StorageError
from retrieval.sandbox import Sandbox
from tests.retrieval.corpus import test_changes, test_processes, test_servers
from tests.retrieval.corpus.house import BATTLE, BRIDGE, OFFENSIVE, SERVER, served, shown, upload
from tests.retrieval.corpus.postgres_house import PostgresHouse

TestOwn = test_servers.TestOwn
TestShared = test_servers.TestShared
TestRemoving = test_changes.TestRemoving
TestUndoing = test_changes.TestUndoing
TestIds = test_changes.TestIds


@pytest.fixture
def house(
    tmp_path: Path, encoder: SentenceTransformerEncoder, sandbox: Sandbox, postgres_url: str
) -> Iterator[PostgresHouse]:
    """With two articles in its folder."""
    made = PostgresHouse(tmp_path, encoder, sandbox, postgres_url)
    made.write(battle=BATTLE, offensive=OFFENSIVE)
    yield made
    made.close()


class TestTogether:
    """Processes that share a database, and no folder."""

    of_files = test_processes.TestTogether()

    def test_what_another_process_changes_is_served_after_a_look(
        self, house: PostgresHouse
    ) -> None:
        self.of_files.test_what_another_process_changes_is_served_after_a_look(house)

    def test_a_change_that_is_quicker_than_a_look_is_not_undone_by_it(
        self, house: PostgresHouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.of_files.test_a_change_that_is_quicker_than_a_look_is_not_undone_by_it(
            house, monkeypatch
        )

    def test_a_change_stands_on_what_another_process_has_changed(
        self, house: PostgresHouse
    ) -> None:
        self.of_files.test_a_change_stands_on_what_another_process_has_changed(house)

    def test_two_threads_that_change_at_once_do_so_one_after_the_other_or_say_so(
        self, house: PostgresHouse
    ) -> None:
        self.of_files.test_two_threads_that_change_at_once_do_so_one_after_the_other_or_say_so(
            house
        )

    def test_nothing_that_one_has_kept_is_encoded_by_another(
        self, house: PostgresHouse, tmp_path: Path
    ) -> None:
        house.opened()
        elsewhere = house.opened(data=tmp_path / "another machine")
        assert elsewhere.shared.status().encoded_here == 0
        assert shown(elsewhere.ask("Where did fighting erupt?"))[0].article.id == "battle"

    def test_who_asks_while_another_changes_is_answered_from_whole_generations(
        self, house: PostgresHouse
    ) -> None:
        here, there = house.opened(), house.opened()

        def change() -> None:
            for number in range(6):
                there.shared.add(upload(f"n{number}.md", f"Number {number} is odd."))
                there.shared.remove(f"n{number}")

        changing = threading.Thread(target=change)
        changing.start()
        while changing.is_alive():
            here.refresh()
            for quote in shown(here.ask("Which number is odd?")):
                assert quote.text in quote.article.text
                assert quote.text
        here.refresh()
        assert served(here.shared) == {"battle", "offensive"}


class TestLock:
    def test_while_a_process_changes_a_collection_no_other_does(self, house: PostgresHouse) -> None:
        here, there = house.opened(), house.opened()
        held = house.backend().held_by_one("shared")
        with held, pytest.raises(StorageError, match="Another process is changing"):
            here.shared.add(upload("bridge.md", BRIDGE))
        here.shared.add(upload("bridge.md", BRIDGE))
        assert there.refresh() == ["shared"]

    def test_another_collection_may_be_changed_meanwhile(self, house: PostgresHouse) -> None:
        here = house.opened()
        with house.backend().held_by_one("shared"):
            here.server(SERVER).add(upload("bridge.md", BRIDGE))
        assert served(here.server(SERVER)) == {"bridge"}

    def test_who_lost_it_meanwhile_changes_nothing_any_more(self, house: PostgresHouse) -> None:
        backend = house.backend()
        with backend.held_by_one("shared"):
            (lock,) = backend._held.values()
            lock.release()
            changing = backend.database.write("shared")
            with pytest.raises(StorageError, match="Nothing was changed"), changing:
                pytest.fail("another process may hold it")
            with backend.database.write("another") as connection:
                assert connection is not None


def test_an_upload_is_kept_as_it_was_while_its_article_is(house: PostgresHouse) -> None:
    corpora = house.opened()
    own = corpora.server(SERVER)
    own.add(upload("bridge.md", BRIDGE))
    (entry,) = own.inventory().entries
    assert own.original(entry) == BRIDGE.encode()
    own.remove("bridge")
    own.undo()
    assert own.original(entry) == BRIDGE.encode()
    house.run(own.name, "UPDATE originals SET content = set_byte(content, 0, 7)")
    assert own.original(entry) is None, "it is not what was uploaded"
    corpora.forget(SERVER)
    assert own.original(entry) is None
    assert house.kept(f"server-{SERVER}") == {}


def test_what_is_begun_anew_while_it_is_being_forgotten_stays(house: PostgresHouse) -> None:
    here, there = house.opened(), house.opened()
    here.server(SERVER).add(upload("battle.md", BATTLE))
    there.refresh()
    backend = here._means.backend
    assert isinstance(backend, PostgresBackend)
    forget = backend.forget

    def begun_anew(collection: str) -> None:
        there.server(SERVER).add(upload("bridge.md", BRIDGE))
        forget(collection)

    backend.forget = begun_anew  # type: ignore[method-assign]
    here.forget(SERVER)
    own = house.opened().server(SERVER)
    (entry,) = own.inventory().entries
    assert own.original(entry) == BRIDGE.encode()
    assert house.kept(own.name)["segments"] >= 1


def test_a_backup_is_left_to_the_server(house: PostgresHouse, tmp_path: Path) -> None:
    corpora = house.opened()
    with pytest.raises(StorageError, match="pg_dump"):
        corpora.back_up(tmp_path / "backup.zip")
    with pytest.raises(StorageError, match="pg_dump"):
        corpora.bring_back(tmp_path / "backup.zip")
    assert corpora.shared.status().bytes_on_disk > 0
