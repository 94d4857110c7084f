"""The PostgreSQL database: whether it can be used, is of this version, and keeps servers apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from bot.doctor.finding import Finding, of_error
from bot.doctor.installation import Installation
from bot.settings import Secret
from retrieval.phrases import listed

if TYPE_CHECKING:
    import psycopg

    from retrieval.postgres.addresses import Address

    Connection = psycopg.Connection[Any]

NAME: Final = "database"
_PRIMARY: Final = "FOOTNOTE_DATABASE_URL"
_REPLICAS: Final = "FOOTNOTE_REPLICA_URLS"
_OLDEST_POSTGRES: Final = 14
_OLDEST_VECTOR: Final = (0, 8)
"""From which on an index is searched until enough is found."""
FAR_BEHIND: Final = 64 * 1024 * 1024
"""Bytes of changes after which a replica is far behind."""
_KEYS: Final = ("collection", "server")
"""The columns that say whose a row is."""

_EXTENSION: Final = """
SELECT name, installed_version FROM pg_available_extensions WHERE name = 'vector'
"""
_ROLE: Final = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
_OPEN_TABLES: Final = """
SELECT DISTINCT class.relname FROM pg_class AS class
JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attname = ANY(%s)
WHERE class.relnamespace = current_schema()::regnamespace
    AND class.relkind IN ('r', 'p') AND NOT class.relispartition
    AND NOT (class.relrowsecurity AND class.relforcerowsecurity)
ORDER BY class.relname
"""


def check_database(installation: Installation, far: int = FAR_BEHIND) -> Iterator[Finding]:
    """Whether the database can be used as it is. Nothing is asked where there is none.

    Args:
        far: Bytes of changes after which a replica is far behind.
    """
    from retrieval.postgres.addresses import Address
    from retrieval.postgres.errors import ERRORS, is_lost, told, unreachable

    url = installation.settings.database_url
    if url is None:
        return
    address = Address(url.reveal(), _PRIMARY, writes=True)
    try:
        with address.connect() as connection:
            yield _version(connection)
            yield from _encoding(connection)
            yield _extension(connection)
            yield from _schema(connection)
            yield _separation(connection)
    except ERRORS as error:
        if _is_replica(Address(url.reveal(), _PRIMARY, writes=False)):
            yield Finding(
                NAME,
                "error",
                f"{_PRIMARY} names a replica: nothing can be changed there.",
                f"Name the server that it follows, and this one in {_REPLICAS}.",
            )
        else:
            said = unreachable(error) if is_lost(error) else told(error, writes=False)
            yield of_error(NAME, said)
        return
    yield from _replicas(address, installation.settings.replica_urls, far)


def _is_replica(address: Address) -> bool:
    """Whether a server can be reached at all and follows another."""
    from retrieval.postgres.errors import ERRORS

    try:
        with address.connect() as connection:
            return bool(_one(connection, "SELECT pg_is_in_recovery()"))
    except ERRORS:
        return False


def _version(connection: Connection) -> Finding:
    number = connection.info.server_version // 10_000
    if number >= _OLDEST_POSTGRES:
        return Finding(NAME, "ok", f"PostgreSQL {number} can be reached.")
    return Finding(
        NAME,
        "error",
        f"PostgreSQL {number} is too old: Footnote needs {_OLDEST_POSTGRES} or newer.",
        "Upgrade the server.",
    )


def _encoding(connection: Connection) -> Iterator[Finding]:
    encoding = _one(connection, "SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        yield Finding(
            NAME,
            "error",
            f"The database cannot hold every language: it is in {encoding}.",
            "Make another with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
        )


def _extension(connection: Connection) -> Finding:
    oldest = ".".join(map(str, _OLDEST_VECTOR))
    found = connection.execute(_EXTENSION).fetchone()
    if found is None:
        return Finding(
            NAME,
            "error",
            "pgvector is not installed on the database server.",
            f"Install pgvector {oldest} or newer there; its package is called "
            "postgresql-18-pgvector or the like.",
        )
    version = found[1]
    if version is None:
        return Finding(
            NAME,
            "note",
            "pgvector is on the database server, but this database does not use it yet.",
            "The next start switches it on, if its role may; or run, as a superuser: "
            "CREATE EXTENSION vector",
        )
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < _OLDEST_VECTOR:
        return Finding(
            NAME,
            "error",
            f"pgvector is {version}, but Footnote needs {oldest} or newer.",
            "Install a newer one on the server, then run: ALTER EXTENSION vector UPDATE",
        )
    return Finding(NAME, "ok", f"pgvector {version} is switched on.")


def _schema(connection: Connection) -> Iterator[Finding]:
    """Of which version the tables of articles are, and those of people."""
    from bot.store.postgres.migration import HEAD as PEOPLE
    from bot.store.postgres.migration import VERSION_TABLE
    from retrieval.postgres.migration import HEAD as ARTICLES

    for what, table, newest in (
        ("articles", "alembic_version", ARTICLES),
        ("feedback and settings", VERSION_TABLE, PEOPLE),
    ):
        found = None
        if _one(connection, "SELECT to_regclass(%s)", table) is not None:
            found = _one(connection, f"SELECT version_num FROM {table}")  # noqa: S608
        if found == newest:
            yield Finding(NAME, "ok", f"The tables of {what} are of this version.")
        elif found is None:
            yield Finding(NAME, "ok", f"There are no tables of {what} yet; the first start does.")
        elif str(found) > newest:
            yield Finding(
                NAME,
                "error",
                f"The tables of {what} were made by a newer version of Footnote (schema {found}; "
                f"this one knows {newest}).",
                f"Use that version, or another {_PRIMARY}.",
            )
        else:
            yield Finding(
                NAME,
                "note",
                f"The tables of {what} were made by an older version of Footnote (schema {found}).",
                "The next start brings them up to date; make a copy before, such as with pg_dump.",
            )


def _separation(connection: Connection) -> Finding:
    """Whether the server itself gives nobody the rows of another's."""
    if _one(connection, _ROLE):
        return Finding(
            NAME,
            "warning",
            "The database's role is above row-level security, so only Footnote itself keeps "
            "servers apart.",
            f"In {_PRIMARY}, name a role without SUPERUSER and BYPASSRLS that owns the tables.",
        )
    unbound = [row[0] for row in connection.execute(_OPEN_TABLES, [list(_KEYS)])]
    if unbound:
        return Finding(
            NAME,
            "warning",
            f"Row-level security is off for {listed(unbound)}, so only Footnote itself keeps "
            "servers apart there.",
            "For each, run: ALTER TABLE … ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        )
    return Finding(NAME, "ok", "Row-level security keeps servers apart.")


def _replicas(primary: Address, urls: tuple[Secret, ...], far: int) -> Iterator[Finding]:
    from retrieval.postgres.addresses import Address
    from retrieval.postgres.errors import ERRORS, unreachable

    for number, url in enumerate(urls, 1):
        replica = Address(url.reveal(), _REPLICAS, writes=False)
        try:
            yield _replica(f"Replica {number} of {len(urls)}", primary, replica, far)
        except ERRORS as error:
            yield Finding(
                NAME,
                "warning",
                f"Replica {number} of {len(urls)} cannot be read: {unreachable(error).why}",
                "Questions are read from other servers meanwhile. Check that it runs and "
                f"that {_REPLICAS} names it.",
            )


def _replica(name: str, primary: Address, replica: Address, far: int) -> Finding:
    # First what there is, then what has arrived: what comes in between counts for it.
    with primary.connect() as connection:
        written = _one(connection, "SELECT pg_current_wal_lsn()::text")
    with replica.connect() as connection:
        if not _one(connection, "SELECT pg_is_in_recovery()"):
            return Finding(
                NAME,
                "error",
                f"{name} follows no other server: what is changed never arrives there.",
                f"Name a streaming replica of the database in {_REPLICAS}, or none.",
            )
        behind = _one(
            connection, "SELECT pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())", written
        )
    if behind is None or behind > far:
        return Finding(
            NAME,
            "warning",
            f"{name} is far behind: {_megabytes(behind or 0)} of changes have not arrived there.",
            "Questions about what is new are read from other servers meanwhile. Check its network "
            "and disk.",
        )
    if behind > 0:
        return Finding(NAME, "ok", f"{name} follows, {_megabytes(behind)} behind.")
    return Finding(NAME, "ok", f"{name} has everything.")


def _megabytes(count: float) -> str:
    return f"{float(count) / (1024 * 1024):,.1f} MB"


def _one(connection: Connection, query: str, *values: object) -> Any:
    """The first column of the first row; ``None`` where there is none."""
    found = connection.execute(query, values).fetchone()
    return None if found is None else found[0]
