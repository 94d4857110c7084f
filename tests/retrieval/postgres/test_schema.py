"""The tables: those that the code knows, each row alone with those of its collection.

What is said of all tables is read from the server's catalogue, so that it holds for those to come.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.types import TypeDecorator, TypeEngine

from retrieval.database.schema import METADATA as ARTICLES_METADATA
from retrieval.database.schema import REVISION, VECTORS
from retrieval.errors import StorageError
from retrieval.postgres.migration import HEAD, migrate
from retrieval.postgres.requirements import ensure_fit
from retrieval.postgres.schema import METADATA, PARTITIONS
from retrieval.postgres.servers import Servers
from tests.postgres.cluster import Stage

SHARED = ("encodings", "alembic_version", "transactions")
"""What belongs to no collection."""
KNOWN = {
    table.name: table
    for metadata in (ARTICLES_METADATA, VECTORS, METADATA)
    for table in metadata.tables.values()
    # It says when SQLite's file is to be copied.
    if table is not REVISION
}


def tables(connection: Connection, kinds: str = "rp") -> list[str]:
    """All tables, and where asked their parts."""
    found = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind::text = ANY(:kinds) AND (NOT relispartition OR 'r' = ANY(:kinds))"
            " ORDER BY relname"
        ),
        {"kinds": list(kinds)},
    )
    return [name for name in found.scalars() if not name.startswith(SHARED)]


def key_of(table: str) -> str:
    return "name" if table.startswith("collections") else "collection"


def kind_of(column: TypeEngine[Any]) -> type:
    # Ours, which hold any text.
    return str if isinstance(column, TypeDecorator) else column.python_type


@pytest.fixture(scope="module")
def servers(postgres_module_url: str) -> Iterator[Servers]:
    """A database in which each of two collections has a row in every table."""
    made = Servers(postgres_module_url)
    for name in ("mine", "theirs"):
        with made.write(name) as connection:
            for table in in_order(connection):
                fill(connection, table, name)
    yield made
    made.close()


def in_order(connection: Connection) -> list[str]:
    """The divided tables, each after those that it refers to."""
    names = [name for name, _ in inspect(connection).get_sorted_table_and_fkc_names() if name]
    return [name for name in names if name in tables(connection, "p")]


def fill(connection: Connection, table: str, collection: str) -> None:
    """A row of a collection, whatever columns there are."""
    simplest = {
        "integer": "1",
        "bigint": "1",
        "boolean": "false",
        "double precision": "1",
        "real": "1",
        "bytea": "'x'",
        "text": "'x'",
        "json": "'[]'",
        "jsonb": "'{}'",
        "timestamp with time zone": "now()",
        "halfvec": "'[1,2]'",
        "text[]": "'{}'",
        "integer[]": "'{}'",
        "real[]": "'{}'",
        "smallint[]": "'{}'",
    }
    columns = connection.execute(
        text(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped"
        ),
        {"table": table},
    ).all()
    quoted = ", ".join(f'"{name}"' for name, _ in columns)
    values = ", ".join(
        f"'{collection}'" if name == key_of(table) else simplest[kind] for name, kind in columns
    )
    connection.execute(text(f"INSERT INTO {table} ({quoted}) VALUES ({values})"))  # noqa: S608


class TestTables:
    def test_they_are_those_that_the_code_knows(self, servers: Servers) -> None:
        with servers.read(None) as connection:
            found = set(tables(connection, "p")) | {"encodings"}
        assert found == set(KNOWN)

    @pytest.mark.parametrize("table", KNOWN.values(), ids=KNOWN)
    def test_each_has_the_columns_that_the_code_knows(self, servers: Servers, table: Table) -> None:
        with servers.read(None) as connection:
            columns = inspect(connection).get_columns(table.name)
            key = inspect(connection).get_pk_constraint(table.name)["constrained_columns"]
        found = {
            column["name"]: (column["type"].python_type, column["nullable"])
            for column in columns
            if column["name"] != "vector"
        }
        known = {
            column.name: (kind_of(column.type), column.nullable)
            for column in table.columns
            if column.name != "vector"
        }
        assert found == known
        assert {column.name for column in table.primary_key} <= set(key)

    def test_all_are_divided_by_collection(self, servers: Servers) -> None:
        with servers.read(None) as connection:
            for table in tables(connection, "p"):
                divided = text("SELECT pg_get_partkeydef(CAST(:table AS regclass))")
                found = connection.execute(divided, {"table": table}).scalar()
                assert found == f"HASH ({key_of(table)})"
                parts = text(
                    "SELECT count(*) FROM pg_inherits WHERE inhparent = CAST(:table AS regclass)"
                )
                assert connection.execute(parts, {"table": table}).scalar() == PARTITIONS

    def test_the_rows_of_a_collection_lie_together(self, servers: Servers) -> None:
        """Where each part is on a machine of its own, a question goes to one."""
        for name in ("mine", "theirs"):
            places = set()
            with servers.read(name) as connection:
                for table in tables(connection, "p"):
                    where = text(f"SELECT DISTINCT tableoid::regclass FROM {table}")  # noqa: S608
                    (place,) = map(str, connection.execute(where).scalars())
                    places.add(place.removeprefix(table))
            assert len(places) == 1, f"{name} is in the parts {places}"

    def test_every_key_begins_with_the_collection(self, servers: Servers) -> None:
        """So that no key has to be looked up in all parts."""
        with servers.read(None) as connection:
            for table in tables(connection, "rp"):
                indexes = connection.execute(
                    text(
                        "SELECT indexrelid::regclass::text, attname FROM pg_index"
                        " JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
                        " WHERE indrelid = CAST(:table AS regclass) AND indisunique"
                    ),
                    {"table": table},
                ).all()
                assert indexes, table
                assert {column for _, column in indexes} == {key_of(table)}
                for key in inspect(connection).get_foreign_keys(table):
                    assert key["constrained_columns"][0] == "collection"
                    assert key["referred_columns"][0] == key_of(key["referred_table"])


class TestStrangers:
    """A query without WHERE is as harmless as any."""

    def test_every_table_and_every_part_of_one_is_closed(self, servers: Servers) -> None:
        query = text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity)"
        )
        with servers.read(None) as connection:
            open_ = set(connection.execute(query).scalars())
        assert {name for name in open_ if not name.startswith(SHARED)} == set()

    def test_footnote_is_nobody_whom_the_rules_do_not_bind(self, servers: Servers) -> None:
        with servers.read(None) as connection:
            query = text(
                "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            )
            assert connection.execute(query).scalar() is False

    @pytest.mark.parametrize("own", ["mine", "theirs"])
    def test_nobody_sees_anothers_rows(self, servers: Servers, own: str) -> None:
        with servers.read(own) as connection:
            seen = [
                name
                for table in tables(connection)
                for name in connection.execute(
                    text(f"SELECT {key_of(table)} FROM {table}")  # noqa: S608
                ).scalars()
            ]
            # Each row is seen in the table and in its part.
            assert seen == [own] * 2 * len(tables(connection, "p"))

    def test_who_says_not_who_is_asking_sees_nothing(self, servers: Servers) -> None:
        for name in ("nobody", ""):
            with servers.read(name) as connection:
                for table in tables(connection):
                    found = connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
                    assert found.all() == [], table

    def test_only_what_is_listed_is_seen_across_collections(self, servers: Servers) -> None:
        with servers.read(None) as connection:
            seen = {
                table
                for table in tables(connection, "p")
                if connection.execute(text(f"SELECT 1 FROM {table}")).all()  # noqa: S608
            }
        assert seen == {"collections", "sources", "articles", "passages"}

    @pytest.mark.parametrize("who", ["mine", None, "nobody"])
    @pytest.mark.parametrize("change", ["DELETE FROM {table}", "UPDATE {table} SET {key} = {key}"])
    def test_nobody_changes_anothers_rows(
        self, servers: Servers, who: str | None, change: str
    ) -> None:
        allowed = 1 if who == "mine" else 0
        with servers.write(who) as connection:
            for table in reversed(in_order(connection)):
                with connection.begin_nested() as savepoint:
                    statement = text(change.format(table=table, key=key_of(table)))
                    assert connection.execute(statement).rowcount == allowed, table
                    savepoint.rollback()
                for number in range(PARTITIONS):
                    part = text(f"DELETE FROM {table}_{number}")  # noqa: S608
                    with connection.begin_nested() as savepoint:
                        assert connection.execute(part).rowcount <= allowed
                        savepoint.rollback()
        self.test_nobody_sees_anothers_rows(servers, "theirs")

    @pytest.mark.parametrize("who", ["mine", None])
    def test_nobody_puts_rows_among_anothers(self, servers: Servers, who: str | None) -> None:
        with servers.write(who) as connection:
            for table in in_order(connection):
                with (
                    pytest.raises(Exception, match="row-level security"),
                    connection.begin_nested(),
                ):
                    fill(connection, table, "theirs")
                moved = text(f"UPDATE {table} SET {key_of(table)} = 'theirs'")  # noqa: S608
                if who is not None:
                    with (
                        pytest.raises(Exception, match="row-level security"),
                        connection.begin_nested(),
                    ):
                        connection.execute(moved)


class TestMigrations:
    @pytest.fixture
    def empty(self, postgres_stage: Stage) -> Iterator[str]:
        """A database without tables, in which pgvector is."""
        with postgres_stage.empty() as name:
            with postgres_stage.cluster.superuser(name) as connection:
                connection.execute("CREATE EXTENSION vector")
            yield postgres_stage.cluster.url(name)

    def test_many_processes_and_threads_may_begin_at_once(self, empty: str) -> None:
        script = (
            "import sys\n"
            "from retrieval.postgres.migration import migrate\n"
            "from retrieval.postgres.servers import Servers\n"
            "migrate(Servers(sys.argv[1]))\n"
        )
        others = [
            subprocess.Popen([sys.executable, "-c", script, empty], env=dict(os.environ))
            for _ in range(2)
        ]
        many = [Servers(empty) for _ in range(4)]
        with ThreadPoolExecutor(len(many)) as pool:
            list(pool.map(migrate, many))
        assert [other.wait(60) for other in others] == [0, 0]
        for servers in many:
            with servers.read(None) as connection:
                version = connection.execute(text("SELECT version_num FROM alembic_version"))
                assert version.scalars().all() == [HEAD]
                assert set(tables(connection, "p")) | {"encodings"} == set(KNOWN)
            servers.close()

    def test_the_first_can_be_taken_back(self, empty: str) -> None:
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        servers = Servers(empty)
        migrate(servers)
        with servers.write(None) as connection:
            with Operations.context(MigrationContext.configure(connection)):
                first = import_module("retrieval.postgres.migrations.versions.0001_articles")
                first.downgrade()
                assert tables(connection) == []
                first.upgrade()
            assert set(tables(connection, "p")) | {"encodings"} == set(KNOWN)
        servers.close()

    def test_what_a_newer_version_made_is_refused_with_a_remedy(self, empty: str) -> None:
        servers = Servers(empty)
        migrate(servers)
        with servers.write(None) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StorageError, match=r"newer version.*FOOTNOTE_DATABASE_URL"):
            migrate(servers)
        servers.close()

    def test_one_that_fails_leaves_nothing(self, empty: str) -> None:
        def failing(connection: Connection) -> None:
            connection.execute(text("CREATE TABLE half (id integer)"))
            raise OSError(28, "No space left on device")

        servers = Servers(empty)
        with pytest.raises(OSError, match="No space left"):
            migrate(servers, prepare=failing)
        with servers.read(None) as connection:
            assert tables(connection) == []
        migrate(servers)
        servers.close()


class TestRequirements:
    def test_who_may_not_make_the_extension_is_told_who_may(self, postgres_stage: Stage) -> None:
        with postgres_stage.empty() as name:
            servers = Servers(postgres_stage.cluster.url(name))
            with pytest.raises(StorageError, match=r"(?i)permission.*CREATE EXTENSION vector"):
                migrate(servers, prepare=ensure_fit)
            with postgres_stage.cluster.superuser(name) as connection:
                connection.execute("CREATE EXTENSION vector")
            migrate(servers, prepare=ensure_fit)
            servers.close()

    def test_an_extension_that_is_too_old_is_named(self, postgres_stage: Stage) -> None:
        with postgres_stage.empty() as name:
            with postgres_stage.cluster.superuser(name) as connection:
                connection.execute("CREATE EXTENSION vector")
                connection.execute("SET allow_system_table_mods = on")
                connection.execute(
                    "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'"
                )
            servers = Servers(postgres_stage.cluster.url(name))
            with pytest.raises(StorageError, match=r"0\.7\.4.*too old.*ALTER EXTENSION"):
                migrate(servers, prepare=ensure_fit)
            servers.close()

    def test_an_encoding_that_is_not_for_every_language_is_named(
        self, postgres_stage: Stage
    ) -> None:
        with postgres_stage.empty("LATIN1") as name:
            servers = Servers(postgres_stage.cluster.url(name))
            with pytest.raises(StorageError, match=r"LATIN1.*ENCODING 'UTF8'"):
                migrate(servers, prepare=ensure_fit)
            servers.close()
