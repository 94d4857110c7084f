"""The schema on the server brought to the newest version, by one process of all that start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, text

from retrieval.database.migration import upgrade
from retrieval.errors import StorageError
from retrieval.phrases import phrase
from retrieval.postgres.outcome import TABLE
from retrieval.postgres.servers import Servers

HEAD: Final = "0001"
"""The newest migration. Kept here so that an up-to-date database needs no Alembic."""


def migrate(
    servers: Servers,
    package: str = "retrieval.postgres",
    version_table: str = "alembic_version",
    head: str = HEAD,
    prepare: Callable[[Connection], None] | None = None,
) -> None:
    """Run the migrations that are missing, all of them or none.

    Args:
        package: Where the folder ``migrations/versions`` is.
        version_table: Where the version is kept.
        head: The newest version.
        prepare: Is done before them, in the same transaction.

    Raises:
        StorageError: A newer version of Footnote made the schema, or the server cannot make it.
    """
    if servers.ask(lambda connection: _is_current(connection, version_table, head), None):
        return
    with servers.write(None, leaves_token=False) as connection:
        # Whoever waited for this finds nothing to do.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('migration', 0))"))
        connection.execute(text(TABLE))
        if not _is_current(connection, version_table, head):
            if prepare is not None:
                prepare(connection)
            upgrade(connection, package, version_table)


def _is_current(connection: Connection, version_table: str, head: str) -> bool:
    found = connection.execute(text("SELECT to_regclass(:name)"), {"name": version_table})
    if found.scalar() is None:
        return False
    version = connection.execute(text(f"SELECT version_num FROM {version_table}")).scalar()  # noqa: S608
    if version is not None and str(version) > head:
        raise StorageError(
            phrase("The database was written by a newer version of Footnote."),
            remedy=phrase("Use that version, or another FOOTNOTE_DATABASE_URL."),
        )
    return bool(version == head)
