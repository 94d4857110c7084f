"""The people's tables in PostgreSQL: the server is in every key, and a wall around its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, text

from bot.conversations import Place
from bot.store import Store
from bot.store.database import DIRECT, EVERYWHERE, Scope
from bot.store.postgres import PostgresPeople, SharedConversations, SharedLimiter
from bot.store.postgres.migration import VERSION_TABLE
from bot.store.schema import METADATA
from bot.store.server_settings import ServerSettings
from retrieval.conversation import Turn
from retrieval.errors import StorageError
from retrieval.postgres.servers import Servers
from tests.bot.store.conftest import Ask, MakeStore
from tests.postgres.cluster import Stage

SERVERS = (1, 2, DIRECT)


def rows(stage: Stage, url: str, query: str) -> list[tuple[Any, ...]]:
    """What somebody sees whom no wall holds back."""
    with stage.cluster.superuser(url.rpartition("/")[2]) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def tables(postgres_stage: Stage, postgres_url: str, people_url: str) -> list[str]:
    """Every table that a database has for people, and none that it has for articles."""
    query = (
        "SELECT relname FROM pg_class"
        " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    without = rows(postgres_stage, postgres_url, query)
    found = rows(postgres_stage, people_url, query)
    names = [name for (name,) in found if (name,) not in without and name != VERSION_TABLE]
    assert len(names) >= 6
    return names


@pytest.fixture
async def filled(
    store: Store, ask: Ask, people: PostgresPeople, tables: list[str]
) -> PostgresPeople:
    """Each table has rows of two servers and of direct messages."""
    limiter, conversations = SharedLimiter(people), SharedConversations(people)
    for key in SERVERS:
        server = key or None
        store.vote(server, ask(server, articles=["a"]), 5, 1)
        store.save_settings(key, ServerSettings(language="de"))
        await limiter.take(server, 1, 1, ServerSettings())
        await conversations.remember(server, [Place("message", 1)], [Turn("one")])
        people.write(
            key,
            lambda connection, key=key: connection.execute(  # type: ignore[misc]
                text("INSERT INTO registered VALUES (:server, 'bot', 'digest')"), {"server": key}
            ),
        )
    return people


def counted(table: str, where: str = "") -> Callable[[Connection], int]:
    query = text(f"SELECT count(*) FROM {table} {where}")  # noqa: S608
    return lambda connection: int(connection.execute(query).scalar_one())


@pytest.mark.parametrize("scope", SERVERS)
async def test_whatever_is_asked_one_servers_rows_are_seen_and_no_others(
    filled: PostgresPeople, tables: list[str], scope: int
) -> None:
    for table in tables:
        assert filled.read(scope, counted(table)) > 0, table
        assert filled.read(scope, counted(table, f"WHERE server <> {scope}")) == 0, table
        assert filled.read(EVERYWHERE, counted(table, f"WHERE server <> {scope}")) > 0, table


async def test_who_names_no_server_sees_and_changes_nothing(
    filled: PostgresPeople, servers: Servers, tables: list[str]
) -> None:
    for table in tables:
        for collection in ("shared", "", None):
            with servers.read(collection) as connection:
                assert counted(table)(connection) == 0, table
        with servers.write(None) as connection:
            assert connection.execute(text(f"DELETE FROM {table}")).rowcount == 0  # noqa: S608
        assert filled.read(EVERYWHERE, counted(table)) > 0


async def test_whatever_is_changed_other_servers_rows_stay(
    filled: PostgresPeople, tables: list[str]
) -> None:
    def others(table: str) -> int:
        return filled.read(EVERYWHERE, counted(table, "WHERE server <> 1"))

    before = {table: others(table) for table in tables}
    for table in tables:
        filled.write(1, lambda connection, table=table: connection.execute(  # type: ignore[misc]
            text(f"DELETE FROM {table}")  # noqa: S608
        ))  # fmt: skip
        assert filled.read(1, counted(table)) == 0
    assert {table: others(table) for table in tables} == before


@pytest.mark.parametrize(("scope", "server"), [(1, 2), (1, DIRECT), (DIRECT, 1)])
def test_nothing_can_be_put_down_to_another_server(
    people: PostgresPeople, scope: Scope, server: int
) -> None:
    def insert(connection: Connection) -> None:
        connection.execute(
            text("INSERT INTO servers (server) VALUES (:server)"), {"server": server}
        )

    with pytest.raises(StorageError):
        people.write(scope, insert)
    people.write(server, insert)


def test_people_see_nothing_of_the_articles(people: PostgresPeople, servers: Servers) -> None:
    with servers.write("shared") as connection:
        connection.execute(text("INSERT INTO collections (name) VALUES ('shared')"))
    for scope in (1, DIRECT, EVERYWHERE):
        assert people.read(scope, counted("collections")) == 0


def test_every_table_has_its_wall_and_the_server_in_every_key(
    postgres_stage: Stage, people_url: str, tables: list[str]
) -> None:
    walls = rows(
        postgres_stage,
        people_url,
        "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
        " WHERE relrowsecurity AND relforcerowsecurity",
    )
    assert {(table,) for table in tables} <= set(walls)
    keys = rows(
        postgres_stage,
        people_url,
        """
        SELECT relname, array_agg(attname::text) FROM (
            SELECT conrelid AS table, oid AS key, unnest(conkey) AS number
            FROM pg_constraint WHERE contype IN ('p', 'u', 'f', 'x')
            UNION ALL
            SELECT indrelid, indexrelid, unnest(indkey) FROM pg_index WHERE indisunique
        ) AS keys
        JOIN pg_class ON pg_class.oid = keys.table
        JOIN pg_attribute ON attrelid = keys.table AND attnum = keys.number
        GROUP BY relname, keys.key
        """,
    )
    found = {table for table, columns in keys if "server" in columns}
    assert found >= set(tables)
    assert [key for key in keys if key[0] in tables and "server" not in key[1]] == []


def test_the_migrations_make_the_columns_that_the_code_knows(
    postgres_stage: Stage, people_url: str
) -> None:
    found = rows(
        postgres_stage,
        people_url,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public'",
    )
    for table in METADATA.sorted_tables:
        columns = {column for name, column in found if name == table.name}
        assert columns == set(table.columns.keys())


def test_a_schema_of_a_newer_version_is_refused_with_a_remedy(
    make_store: MakeStore, postgres_stage: Stage, people_url: str
) -> None:
    with postgres_stage.cluster.superuser(people_url.rpartition("/")[2]) as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608
    with pytest.raises(StorageError, match=r"newer version of Footnote.*FOOTNOTE_DATABASE_URL"):
        make_store().open()


def test_an_error_does_not_tell_what_was_asked(people: PostgresPeople) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(
            text("INSERT INTO votes (server, asked_id, person, verdict, reason)"
                 " VALUES (1, 7, 7, 1, :reason)"), {"reason": "camel"}
        )  # fmt: skip

    with pytest.raises(StorageError) as caught:
        people.write(1, fail)
    assert "camel" not in str(caught.value)
