"""Everything moved into another place: all of it, once, and never over something else unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.corpus.backend import Backend
from retrieval.corpus.embedded_backend import EmbeddedBackend
from retrieval.corpus.migrating import index_anew, migrate
from retrieval.corpus.postgres_backend import PostgresBackend
from retrieval.database import CollectionStore, EncodingStore, collection_names, copying
from retrieval.encoders.kept import form_of
from retrieval.errors import StorageError
from retrieval.postgres.servers import Servers
from tests.retrieval.corpus.house import BRIDGE, SERVER, House, served, shown, upload

Places = Callable[[str], Backend]
"""Gives another place of a kind."""


@pytest.fixture
def places(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Places]:
    with ExitStack() as opened:

        def make(kind: str) -> Backend:
            made: Backend
            if kind == "files":
                made = EmbeddedBackend(tmp_path / "elsewhere")
            else:
                url = request.getfixturevalue("postgres_url")
                made = PostgresBackend(Servers(url), tmp_path / "local")
            opened.callback(made.close)
            return made

        yield make


@pytest.fixture
def here(house: House) -> Iterator[EmbeddedBackend]:
    """A shared collection with a removed article, and a server's own with an upload."""
    corpora = house.opened()
    corpora.shared.remove("battle")
    own = corpora.server(SERVER)
    own.add(upload("bridge.md", BRIDGE))
    corpora.set_uses_shared(SERVER, False)
    corpora.close()
    backend = EmbeddedBackend(house.data)
    yield backend
    backend.close()


def reopened(house: House, backend: Backend) -> Corpora:
    return Corpora(
        house.data,
        Answerer(house.encoder, 0.5),
        [house.articles],
        backend=backend,
        sandbox=house.sandbox,
        clock=house.clock,
    )


class TestAll:
    @pytest.mark.parametrize("kind", ["files", "postgres"])
    def test_everything_is_there_afterwards_and_nothing_is_encoded(
        self, house: House, here: EmbeddedBackend, places: Places, kind: str
    ) -> None:
        there = places(kind)
        told: list[tuple[int, int]] = []
        moved = migrate(here, there, replace=False, progress=lambda *each: told.append(each))
        assert sorted(moved.collections) == [f"server-{SERVER}", "shared"]
        assert (moved.uploads, moved.missing, moved.are_encodings_kept) == (1, 0, True)
        # Three articles and the encodings of their five passages.
        assert told[-1] == (8, 8)
        for name in moved.collections:
            assert index_anew(there, name, house.encoder) == 0
        corpora = reopened(house, there)
        report = corpora.open()
        assert (report.encoded, report.notices) == (0, ())
        assert served(corpora.shared) == {"offensive"}
        own = corpora.server(SERVER)
        assert served(own) == {"bridge"}
        assert not corpora.uses_shared(SERVER)
        assert shown(corpora.ask("When was the bridge opened?", server=SERVER))
        (entry,) = own.inventory().entries
        assert own.original(entry) == BRIDGE.encode()
        corpora.shared.undo()
        assert served(corpora.shared) == {"battle", "offensive"}
        corpora.close()

    def test_there_and_back_everything_is_as_it_was(
        self, here: EmbeddedBackend, places: Places
    ) -> None:
        servers, files = places("postgres"), places("files")
        first = migrate(here, servers, replace=False)
        assert migrate(servers, files, replace=False) == first
        assert migrate(here, files, replace=False) == first

    def test_without_its_index_a_collection_is_indexed_when_it_is_opened(
        self, house: House, here: EmbeddedBackend, places: Places
    ) -> None:
        there = places("files")
        migrate(here, there, replace=False)
        corpora = reopened(house, there)
        report = corpora.open()
        assert report.encoded == 0
        assert any("missing" in notice for notice in report.notices)

    def test_of_another_model_no_index_is_made(
        self, house: House, here: EmbeddedBackend, places: Places
    ) -> None:
        there = places("files")
        migrate(here, there, replace=False)
        with there.database.write("shared") as connection:
            connection.exec_driver_sql("UPDATE collections SET model = 'another'")
        assert index_anew(there, "shared", house.encoder) is None

    def test_damaged_encodings_stay_behind_and_that_is_told(
        self, house: House, here: EmbeddedBackend, places: Places
    ) -> None:
        with here.database.write_vectors() as connection:
            connection.exec_driver_sql("ALTER TABLE encodings RENAME COLUMN made TO mode")
        there = places("files")
        assert not migrate(here, there, replace=False).are_encodings_kept
        assert index_anew(there, "shared", house.encoder) == 2

    def test_a_missing_upload_is_counted(self, here: EmbeddedBackend, places: Places) -> None:
        (path,) = here.database.folder.glob("collections/*/originals/*")
        path.unlink()
        moved = migrate(here, places("files"), replace=False)
        assert (moved.uploads, moved.missing) == (0, 1)


@pytest.mark.parametrize("kind", ["files", "postgres"])
class TestWhatIsThere:
    def test_it_is_never_replaced_unasked(
        self, house: House, here: EmbeddedBackend, places: Places, kind: str
    ) -> None:
        there = places(kind)
        with reopened(house, there) as corpora:
            corpora.open()
            corpora.server(7).add(upload("tower.md", "The tower is tall."))
        with pytest.raises(StorageError, match="something already") as caught:
            migrate(here, there, replace=False)
        assert "server-7, shared" in caught.value.why
        assert "--replace" in caught.value.remedy
        assert collection_names(there.database) == ["server-7", "shared"]
        assert EncodingStore(there.database, form_of(house.encoder)).intact(["x"]) == set()

    def test_it_is_replaced_where_that_is_asked_for(
        self, house: House, here: EmbeddedBackend, places: Places, kind: str
    ) -> None:
        there = places(kind)
        with reopened(house, there) as corpora:
            corpora.open()
            corpora.shared.add(upload("tower.md", "The tower is tall."))
            corpora.server(7).add(upload("tower.md", "The tower is tall."))
            (entry,) = corpora.server(7).inventory().entries
        assert entry.source.fingerprint is not None
        moved = migrate(here, there, replace=True)
        assert collection_names(there.database) == sorted(moved.collections)
        for name in ("server-7", "shared"):
            assert there.originals(name).get(entry.source.fingerprint) is None
        with reopened(house, there) as corpora:
            corpora.open()
            assert served(corpora.shared) == {"offensive"}

    def test_what_was_cut_short_is_finished_the_next_time(
        self,
        here: EmbeddedBackend,
        places: Places,
        monkeypatch: pytest.MonkeyPatch,
        kind: str,
    ) -> None:
        there = places(kind)
        original = copying.copy_collection
        copied: list[str] = []

        def cut_short(*arguments: object) -> None:
            if copied:
                raise StorageError("The disk is full.")
            copied.append(str(arguments[2]))
            original(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr("retrieval.corpus.migrating.copy_collection", cut_short)
        with pytest.raises(StorageError, match="disk is full"):
            migrate(here, there, replace=False)
        monkeypatch.undo()
        assert collection_names(there.database) == copied
        moved = migrate(here, there, replace=False)
        assert collection_names(there.database) == sorted(moved.collections)

    def test_a_copy_that_is_not_the_same_is_not_kept(
        self,
        here: EmbeddedBackend,
        places: Places,
        monkeypatch: pytest.MonkeyPatch,
        kind: str,
    ) -> None:
        there = places(kind)
        original = copying.copy_collection

        def wrong(*arguments: object) -> None:
            original(*arguments)  # type: ignore[arg-type]
            arguments[1].exec_driver_sql("DELETE FROM passages")  # type: ignore[attr-defined]

        monkeypatch.setattr("retrieval.corpus.migrating.copy_collection", wrong)
        with pytest.raises(StorageError, match="not the same"):
            migrate(here, there, replace=False)
        assert collection_names(there.database) == []


def test_nothing_is_moved_while_another_process_changes_it(
    house: House, here: EmbeddedBackend, places: Places
) -> None:
    there = places("files")
    with (
        EmbeddedBackend(house.data).held_by_one("shared"),
        pytest.raises(StorageError, match="Another process"),
    ):
        migrate(here, there, replace=False)
    assert collection_names(there.database) == []
    assert CollectionStore(there.database, "shared").generation() is None
