"""Everything in one file, and everything back from it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from retrieval.corpus.backup import back_up, bring_back
from retrieval.corpus.originals import OriginalFiles
from retrieval.database import SQLiteDatabase
from retrieval.errors import StorageError
from tests.retrieval.corpus.house import BRIDGE, SERVER, House, changed, served, shown, upload
from tests.retrieval.corpus.test_processes import another_process_holds

LIST = "footnote-backup.json"


def rewritten(file: Path, **changes: bytes | None) -> Path:
    """A copy of a backup with some of its files changed, left out or added."""
    target = file.with_name("rewritten.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for name in {*old.namelist(), *changes}:
            content = changes[name] if name in changes else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return target


def test_everything_is_back_and_nothing_is_encoded(house: House, tmp_path: Path) -> None:
    corpora = house.opened()
    own = corpora.server(SERVER)
    own.add(upload("bridge.md", BRIDGE))
    own.remove("bridge")
    own.add(upload("rules.md", "The rule is red."))
    corpora.set_uses_shared(SERVER, False)
    corpora.back_up(tmp_path / "backup.zip")
    elsewhere = house.opened(tmp_path / "elsewhere")
    encoded = elsewhere.shared.status().encoded_here
    assert elsewhere.bring_back(tmp_path / "backup.zip") == [f"server-{SERVER}", "shared"]
    there = elsewhere.server(SERVER)
    assert there.articles == own.articles
    (entry,) = [entry for entry in there.inventory().entries if entry.source.name == "rules.md"]
    assert there.original(entry) == b"The rule is red."
    assert not elsewhere.uses_shared(SERVER)
    assert changed(there.undo()) == {"bridge": "added"}
    assert there.status().encoded_here == 0
    assert elsewhere.shared.status().encoded_here == encoded


def test_what_was_done_after_the_backup_is_undone_by_it(house: House, tmp_path: Path) -> None:
    corpora = house.opened()
    corpora.back_up(tmp_path / "backup.zip")
    corpora.server(SERVER).add(upload("rules.md", "The rule is red."))
    corpora.shared.add(upload("bridge.md", BRIDGE))
    corpora.bring_back(tmp_path / "backup.zip")
    assert served(corpora.shared) == {"battle", "offensive"}
    assert served(corpora.server(SERVER)) == set()
    assert shown(corpora.ask("What is the offensive called?"))[0].article.id == "offensive"
    corpora.close()
    again = house.corpora()
    report = again.open()
    assert (report.notices, report.encoded) == ((), 0), "the older articles are not mended away"
    assert served(again.shared) == {"battle", "offensive"}


def test_it_replaces_a_backup_of_the_same_name_and_leaves_nothing_beside_it(
    house: House, tmp_path: Path
) -> None:
    corpora = house.opened()
    folder = tmp_path / "backups"
    folder.mkdir()
    for _ in range(2):
        corpora.back_up(folder / "backup.zip")
    assert [path.name for path in folder.iterdir()] == ["backup.zip"]


def test_where_it_cannot_be_written_that_is_said(house: House) -> None:
    with pytest.raises(StorageError, match=r"backup /proc/x\.zip cannot be written"):
        house.opened().back_up(Path("/proc/x.zip"))


def test_a_backup_made_during_changes_is_one_whole_generation(house: House, tmp_path: Path) -> None:
    corpora = house.opened()
    own = corpora.server(SERVER)
    own.add(upload("n.md", "Number 0."))
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.is_set():
            number += 1
            own.add(upload("n.md", f"Number {number}."))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        backups = [tmp_path / f"{number}.zip" for number in range(3)]
        for backup in backups:
            corpora.back_up(backup)
    finally:
        done.set()
        thread.join(60)
    for number, backup in enumerate(backups):
        elsewhere = house.corpora(tmp_path / f"data{number}")
        elsewhere.bring_back(backup)
        assert elsewhere.open().notices == ()
        text = elsewhere.server(SERVER).articles["n"].text
        assert shown(elsewhere.ask("Which number?", server=SERVER))[0].text == text


@pytest.fixture
def kept(tmp_path: Path) -> tuple[SQLiteDatabase, Path]:
    """A small database, and a backup of it."""
    database = SQLiteDatabase(tmp_path / "data")
    database.open()
    originals = tmp_path / "data" / "collections" / "server-1" / "originals"
    originals.mkdir(parents=True)
    (originals / ("ab" * 32)).write_bytes(b"An upload.")
    back_up(database, tmp_path / "backup.zip")
    return database, tmp_path / "backup.zip"


class TestDamage:
    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("footnote.db", b"no database", "was changed"),
            ("footnote.db", None, "missing"),
            (f"collections/server-1/originals/{'ab' * 32}", b"Another.", "was changed"),
            (LIST, None, "no list of its files"),
            (LIST, b"[]", "no list of its files"),
            (LIST, b"\xff", "no list of its files"),
            (LIST, b'{"format": 1}', "no list of its files"),
            (LIST, b'{"format": 2, "files": {}}', "Another version"),
            (LIST, b'{"format": 1, "files": {}}', "no whole database"),
            (LIST, b'{"format": 1, "files": {"../x": ""}}', "does not belong there"),
            (LIST, b'{"format": 1, "files": {"/x": ""}}', "does not belong there"),
            (LIST, b'{"format": 1, "files": {"": ""}}', "does not belong there"),
            (LIST, b'{"format": 1, "files": {"a\\u0000b": ""}}', "does not belong there"),
            (LIST, b'{"format": 1, "files": {"mirror/x.db": ""}}', "does not belong there"),
            (
                LIST,
                b'{"format": 1, "files": {"collections/../originals/x": ""}}',
                "does not belong there",
            ),
        ],
    )
    def test_what_is_no_whole_backup_is_refused(
        self, kept: tuple[SQLiteDatabase, Path], name: str, content: bytes | None, said: str
    ) -> None:
        database, backup = kept
        before = database.copy_to(make(backup.parent / "before"))[1].read_bytes()
        with pytest.raises(StorageError, match=said) as caught:
            bring_back(database, rewritten(backup, **{name: content}))
        assert "Nothing was changed" in caught.value.remedy
        assert database.copy_to(make(backup.parent / "after"))[1].read_bytes() == before

    def test_a_database_that_is_none_is_refused_though_its_checksum_is_right(
        self, kept: tuple[SQLiteDatabase, Path]
    ) -> None:
        database, backup = kept
        content = b"no database"
        listed = {"footnote.db": hashlib.sha256(content).hexdigest()}
        whole = json.dumps({"format": 1, "files": listed}).encode()
        with pytest.raises(StorageError, match="no whole database"):
            bring_back(database, rewritten(backup, **{"footnote.db": content, LIST: whole}))

    @pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + b"\0" * 18])
    def test_what_is_no_archive_is_refused(
        self, kept: tuple[SQLiteDatabase, Path], content: bytes
    ) -> None:
        database, backup = kept
        backup.write_bytes(content)
        with pytest.raises(StorageError, match="not a whole backup"):
            bring_back(database, backup)

    def test_a_file_that_is_not_there_is_named(self, kept: tuple[SQLiteDatabase, Path]) -> None:
        database, backup = kept
        with pytest.raises(StorageError, match=r"nowhere\.zip cannot be read"):
            bring_back(database, backup.with_name("nowhere.zip"))

    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.data())
    def test_any_byte_that_flips_is_noticed_or_does_no_harm(
        self, kept: tuple[SQLiteDatabase, Path], data: st.DataObject
    ) -> None:
        database, backup = kept
        content = bytearray(backup.read_bytes())
        # The names and the directory are what a reader of archives trips over.
        place = data.draw(
            st.one_of(
                st.integers(0, len(content) - 1),
                st.integers(len(content) - 1500, len(content) - 1),
                st.integers(0, 60),
            )
        )
        content[place] ^= data.draw(st.integers(1, 255))
        damaged = backup.with_name("damaged.zip")
        damaged.write_bytes(content)
        with suppress(StorageError):
            bring_back(database, damaged)
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"

    def test_what_another_process_is_changing_is_not_replaced(
        self, house: House, tmp_path: Path
    ) -> None:
        corpora = house.opened()
        corpora.back_up(tmp_path / "backup.zip")
        corpora.shared.add(upload("bridge.md", BRIDGE))
        with (
            another_process_holds(house.data / "collections" / "shared"),
            pytest.raises(StorageError, match="Another process is changing"),
        ):
            corpora.bring_back(tmp_path / "backup.zip")
        assert "bridge" in served(corpora.shared)

    def test_a_backup_of_a_newer_version_is_refused_before_anything_is_replaced(
        self, tmp_path: Path
    ) -> None:
        newer = SQLiteDatabase(tmp_path / "newer")
        newer.open()
        newer.close()
        with sqlite3.connect(tmp_path / "newer" / "footnote.db") as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        database = SQLiteDatabase(tmp_path / "own")
        database.open()
        with pytest.raises(StorageError, match=r"newer version.*Nothing was changed"):
            database.replace_with(tmp_path / "newer")
        database.close()
        database.open()


def make(folder: Path) -> Path:
    folder.mkdir()
    return folder


@settings(max_examples=15)
@example(b"x")
@given(st.binary(max_size=50))
def test_uploads_are_back_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("backup")
    here, there = SQLiteDatabase(folder / "here"), SQLiteDatabase(folder / "there")
    path = Path("collections") / "server-1" / "originals"
    name = OriginalFiles(here.folder / path).keep(content)
    back_up(here, folder / "backup.zip")
    bring_back(there, folder / "backup.zip")
    assert OriginalFiles(there.folder / path).get(name) == content
    here.close()
    there.close()
