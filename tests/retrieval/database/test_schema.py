"""The schema: made by migrations, and the same as the tables that the code knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from retrieval import database as package
from retrieval.database import SQLiteDatabase
from retrieval.database.connection import NAME
from retrieval.database.migration import HEAD, upgrade, version_of
from retrieval.database.schema import METADATA
from retrieval.errors import StorageError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SQLiteDatabase]:
    made = SQLiteDatabase(tmp_path / "data")
    made.open()
    yield made
    made.close()


def migrations() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(
    database: SQLiteDatabase,
) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []


def test_the_newest_migration_is_the_one_that_the_code_expects(database: SQLiteDatabase) -> None:
    assert migrations().get_heads() == [HEAD]
    with database.read() as connection:
        assert version_of(connection) == HEAD


def test_every_revision_sorts_after_the_one_before() -> None:
    names = [script.revision for script in migrations().walk_revisions()]
    assert names == sorted(names, reverse=True), "a newer database is known by its version"


def test_migrating_what_is_new_already_changes_nothing(database: SQLiteDatabase) -> None:
    with database.write() as connection:
        upgrade(connection)
        assert version_of(connection) == HEAD


def test_the_first_migration_can_be_taken_back(database: SQLiteDatabase) -> None:
    from alembic.operations import Operations

    with database.write() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            script = migrations().get_revision("0001")
            assert script is not None
            script.module.downgrade()
            script.module.upgrade()
        connection.exec_driver_sql("INSERT INTO revision VALUES (1, 7)")


def test_a_database_of_a_newer_version_is_refused_with_a_remedy(tmp_path: Path) -> None:
    database = SQLiteDatabase(tmp_path)
    database.open()
    database.close()
    with sqlite3.connect(tmp_path / NAME) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE revision SET number = number + 1")
    connection.close()
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(StorageError, match=r"newer version of Footnote.*FOOTNOTE_DATA_DIR"):
        database.open()
    assert (tmp_path / NAME).read_bytes() == before


def test_a_migration_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("retrieval.database.migration.upgrade", failing)
        with pytest.raises(StorageError, match="No space left"):
            SQLiteDatabase(tmp_path).open()
    database = SQLiteDatabase(tmp_path)
    with database.read() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
    assert "half" not in tables
    assert set(METADATA.tables) <= set(tables)
    database.close()


def test_several_new_databases_can_be_opened_at_once(tmp_path: Path) -> None:
    # Alembic keeps the connection that it migrates where the whole process shares it.
    databases = [SQLiteDatabase(tmp_path / str(number)) for number in range(6)]
    with ThreadPoolExecutor(len(databases)) as pool:
        list(pool.map(SQLiteDatabase.open, databases))
    for database in databases:
        with database.read() as connection:
            assert version_of(connection) == HEAD
        assert database.take_notices() == ()
        database.close()
