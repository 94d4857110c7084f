"""Transactions: whole or not at all, one after the other, and seen by everybody."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from retrieval.database import FolderError, SQLiteDatabase, collection_names
from retrieval.database.connection import NAME, VECTORS_NAME
from retrieval.database.schema import COLLECTIONS, REVISION, SOURCES
from retrieval.errors import StorageError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    made = SQLiteDatabase(tmp_path / "data")
    yield made
    made.close()


def add(connection: Connection, name: str) -> None:
    connection.execute(insert(COLLECTIONS).values(name=name))


def revision(database: SQLiteDatabase) -> int:
    with database.read() as connection:
        return int(connection.execute(select(REVISION.c.number)).scalar_one())


class TestWriting:
    def test_the_revision_grows_with_each_transaction(self, database: SQLiteDatabase) -> None:
        assert revision(database) == 0
        for number in range(1, 4):
            with database.write() as connection:
                add(connection, f"c{number}")
            assert revision(database) == number

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, StorageError])
    def test_what_raises_is_rolled_back(
        self, database: SQLiteDatabase, error: type[BaseException]
    ) -> None:
        def change() -> None:
            with database.write() as connection:
                add(connection, "one")
                raise error("stop")

        with pytest.raises(error, match="stop"):
            change()
        assert collection_names(database) == []
        assert revision(database) == 0
        with database.write() as connection:
            add(connection, "two")
        assert collection_names(database) == ["two"]

    def test_what_breaks_a_rule_is_rolled_back_and_told(self, database: SQLiteDatabase) -> None:
        def change() -> None:
            with database.write() as connection:
                add(connection, "one")
                add(connection, "one")

        with pytest.raises(StorageError, match=r"cannot be used.*UNIQUE"):
            change()
        assert collection_names(database) == []

    def test_what_belongs_to_a_collection_needs_one(self, database: SQLiteDatabase) -> None:
        def change() -> None:
            with database.write() as connection:
                row = {"kind": "file", "location": "x", "name": "x", "article": "x", "added": ""}
                row |= {"collection": "none", "position": 0, "configured": 0}  # type: ignore[dict-item]
                connection.execute(insert(SOURCES).values(row))

        with pytest.raises(StorageError, match="FOREIGN KEY"):
            change()

    def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(
        self, database: SQLiteDatabase
    ) -> None:
        with database.read() as reading:
            before = reading.execute(select(COLLECTIONS.c.name)).all()
            with database.write() as connection:
                add(connection, "one")
            assert reading.execute(select(COLLECTIONS.c.name)).all() == before == []
        assert collection_names(database) == ["one"]

    def test_a_copy_that_cannot_be_made_does_not_undo_the_change(
        self, database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        database.open()
        with monkeypatch.context() as patched:
            patched.setattr("retrieval.database.mirror.Mirror.take", full)
            with database.write() as connection:
                add(connection, "one")
        assert collection_names(database) == ["one"]
        database.close()
        assert collection_names(database) == ["one"]
        assert database.take_notices() == ()


class TestTogether:
    def test_threads_write_one_after_the_other(self, database: SQLiteDatabase) -> None:
        database.open()
        failures: list[BaseException] = []

        def write(number: int) -> None:
            try:
                for step in range(5):
                    with database.write() as connection:
                        add(connection, f"c{number}-{step}")
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not failures
        assert len(collection_names(database)) == revision(database) == 20

    def test_processes_write_one_after_the_other(self, database: SQLiteDatabase) -> None:
        script = """
import sys
from pathlib import Path
from sqlalchemy import insert
from retrieval.database import SQLiteDatabase
from retrieval.database.schema import COLLECTIONS
database = SQLiteDatabase(Path(sys.argv[1]))
for step in range(10):
    with database.write() as connection:
        connection.execute(insert(COLLECTIONS).values(name=f"{sys.argv[2]}-{step}"))
"""
        processes = [
            subprocess.Popen([sys.executable, "-c", script, str(database.folder), name], cwd=ROOT)
            for name in ("one", "two")
        ]
        for step in range(10):
            with database.write() as connection:
                add(connection, f"own-{step}")
        assert [process.wait(60) for process in processes] == [0, 0]
        assert len(collection_names(database)) == revision(database) == 30
        database.close()
        database.open()
        assert database.take_notices() == ()

    def test_a_process_that_is_killed_in_a_transaction_leaves_none_of_it(
        self, database: SQLiteDatabase
    ) -> None:
        script = """
import os, sys
from pathlib import Path
from sqlalchemy import insert
from retrieval.database import SQLiteDatabase
from retrieval.database.schema import COLLECTIONS
database = SQLiteDatabase(Path(sys.argv[1]))
with database.write() as connection:
    connection.execute(insert(COLLECTIONS).values(name="kept"))
with database.write() as connection:
    connection.execute(insert(COLLECTIONS).values(name="lost"))
    os._exit(9)
"""
        done = subprocess.run(
            [sys.executable, "-c", script, str(database.folder)], cwd=ROOT, check=False, timeout=60
        )
        assert done.returncode == 9
        assert collection_names(database) == ["kept"]
        assert database.take_notices() == ()

    def test_a_process_that_is_killed_before_the_copy_keeps_what_it_has_committed(
        self, database: SQLiteDatabase
    ) -> None:
        script = """
import os, sys
from pathlib import Path
from sqlalchemy import insert
from retrieval.database import SQLiteDatabase
from retrieval.database.mirror import Mirror
from retrieval.database.schema import COLLECTIONS
database = SQLiteDatabase(Path(sys.argv[1]))
database.open()
Mirror.take = lambda self, revision: os._exit(9)
with database.write() as connection:
    connection.execute(insert(COLLECTIONS).values(name="kept"))
"""
        done = subprocess.run(
            [sys.executable, "-c", script, str(database.folder)], cwd=ROOT, check=False, timeout=60
        )
        assert done.returncode == 9
        assert collection_names(database) == ["kept"]
        assert database.take_notices() == ()
        (copy,) = (database.folder / "mirror").iterdir()
        assert copy.name.startswith("1-"), "the copy is made up for at the next start"


class TestFolders:
    @pytest.mark.parametrize("folder", ["/proc/no-such-place", "/etc/passwd/x"])
    def test_one_that_cannot_be_written_is_named_with_a_remedy(self, folder: str) -> None:
        with pytest.raises(FolderError, match=r"cannot be written.*FOOTNOTE_DATA_DIR") as caught:
            SQLiteDatabase(Path(folder)).open()
        assert folder in str(caught.value)

    @pytest.mark.parametrize("name", ["100% ?#&", "ünï 文", "a'b\"c"])
    def test_its_name_may_be_anything(self, tmp_path: Path, name: str) -> None:
        database = SQLiteDatabase(tmp_path / name)
        with database.write() as connection:
            add(connection, "one")
        database.close()
        assert collection_names(database) == ["one"]
        database.close()

    def test_both_databases_are_copied_as_they_are(
        self, database: SQLiteDatabase, tmp_path: Path
    ) -> None:
        with database.write() as connection:
            add(connection, "one")
        target = tmp_path / "copy"
        target.mkdir()
        names = sorted(path.name for path in database.copy_to(target))
        assert names == sorted(path.name for path in target.iterdir()) == [NAME, VECTORS_NAME]
        copied = SQLiteDatabase(target)
        assert collection_names(copied) == ["one"]
        copied.close()

    def test_the_size_is_that_of_the_files(self, database: SQLiteDatabase) -> None:
        database.open()
        assert database.bytes_on_disk() >= sum(
            (database.folder / name).stat().st_size for name in (NAME, VECTORS_NAME)
        )
