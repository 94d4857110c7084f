"""The schema: made by migrations, and the same as the tables that the code knows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from bot import store as package
from bot.store import Reason
from bot.store.connection import HEAD, NAME
from bot.store.schema import METADATA
from retrieval.database.migration import version_of
from retrieval.database.sqlite import WRITES, connect
from retrieval.errors import StorageError
from tests.bot.store.conftest import Clock, MakeStore


@pytest.fixture
def kind() -> str:
    return "sqlite"


def migrations() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(
    make_store: MakeStore, tmp_path: Path
) -> None:
    make_store().open()
    engine = connect(tmp_path / NAME, synchronous="NORMAL")
    with engine.connect() as connection, connection.begin():
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []
        assert version_of(connection) == HEAD
    engine.dispose()


def test_the_newest_migration_is_the_one_that_the_code_expects() -> None:
    assert migrations().get_heads() == [HEAD]


def test_the_first_migration_can_be_taken_back(make_store: MakeStore, tmp_path: Path) -> None:
    make_store().open()
    engine = connect(tmp_path / NAME, synchronous="NORMAL")
    script = migrations().get_revision("0001")
    assert script is not None
    with (
        engine.connect().execution_options(**WRITES) as connection,
        connection.begin(),
        Operations.context(MigrationContext.configure(connection)),
    ):
        script.module.downgrade()
        script.module.upgrade()
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_with_a_remedy(
    make_store: MakeStore, tmp_path: Path
) -> None:
    store = make_store()
    store.open()
    store.close()
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match=r"newer version of Footnote.*FOOTNOTE_DATA_DIR"):
        store.open()
    assert [path.name for path in tmp_path.glob("people*.db")] == [NAME], "it is not damaged"


@pytest.mark.parametrize("folder", ["/proc/no-such-place", "/etc/passwd/x"])
def test_a_folder_that_cannot_be_written_is_named_with_a_remedy(folder: str) -> None:
    store = package.Store(Path(folder), keep_text=True, retention=timedelta(1), clock=Clock())
    with pytest.raises(StorageError, match=r"cannot be written.*FOOTNOTE_DATA_DIR") as caught:
        store.open()
    assert folder in str(caught.value)


def test_what_an_earlier_version_kept_is_there_under_its_server(
    make_store: MakeStore, tmp_path: Path
) -> None:
    make_store().open()
    engine = connect(tmp_path / NAME, synchronous="NORMAL")
    script = migrations()
    with (
        engine.connect().execution_options(**WRITES) as connection,
        connection.begin(),
        Operations.context(MigrationContext.configure(connection)),
    ):
        second = script.get_revision("0002")
        assert second is not None
        second.module.downgrade()
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        for number, server in ((1, 1), (2, 2), (3, None)):
            connection.exec_driver_sql(
                "INSERT INTO asked (id, server, channel, person, question, answered, confidence,"
                " at, state) VALUES (?, ?, 10, 100, 'Who?', 0, 0.5,"
                " '2031-05-01T12:00:00+00:00', 'none')",
                (number, server),
            )
            connection.exec_driver_sql("INSERT INTO quoted VALUES (?, 0, 'a')", (number,))
            connection.exec_driver_sql("INSERT INTO votes VALUES (?, 7, 1, 'Good')", (number,))
    engine.dispose()
    store = make_store()
    for number, server in ((1, 1), (2, 2), (3, None)):
        found = store.asked(server, number)
        assert found is not None
        assert (found.server, found.articles) == (server, ("a",))
        assert store.asked(9, number) is None
    assert store.insights(1).reasons == (Reason(1, "Good", 1),)
    assert store.servers() == [1, 2]
    assert store.what_is_kept(100).questions == 3
    assert store.forget_person(7) == 3
