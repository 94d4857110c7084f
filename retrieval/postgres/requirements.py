"""What a database needs to have for Footnote: its version, its encoding, and pgvector."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from retrieval.errors import StorageError
from retrieval.phrases import phrase

_OLDEST: Final = 14
"""The first PostgreSQL with all that is used here."""
_OLDEST_VECTORS: Final = (0, 8)
"""The first pgvector that goes on searching until enough of a collection is found."""


def ensure_fit(connection: Connection) -> None:
    """Check the database, and make the extension where it is missing, in the transaction.

    Raises:
        StorageError: Something is missing or too old; it says who can help.
    """
    version, encoding = connection.execute(
        text("SELECT current_setting('server_version'), current_setting('server_encoding')")
    ).one()
    if int(version.partition(".")[0].partition(" ")[0]) < _OLDEST:
        raise StorageError(
            phrase(
                "The database server is PostgreSQL {version}, which is too old.", version=version
            ),
            remedy=phrase("Use PostgreSQL {oldest} or newer.", oldest=_OLDEST),
        )
    if encoding != "UTF8":
        raise StorageError(
            phrase(
                "The database cannot hold every language: it is in {encoding}.", encoding=encoding
            ),
            remedy=phrase(
                "Make another with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
            ),
        )
    _ensure_vectors(connection)


def _ensure_vectors(connection: Connection) -> None:
    found = _vectors(connection)
    if found is None:
        try:
            connection.execute(text("CREATE EXTENSION vector"))
        except DBAPIError as error:
            diagnosis = getattr(error.orig, "diag", None)
            raise StorageError(
                phrase("The database has no pgvector, in which passages are searched."),
                why=phrase(
                    "PostgreSQL says: {error}.", error=getattr(diagnosis, "message_primary", "")
                ),
                remedy=phrase(
                    "Install pgvector on the server, and let an administrator run"
                    " CREATE EXTENSION vector in the database. Then start Footnote again."
                ),
            ) from None
        found = _vectors(connection)
    if found is None or tuple(int(part) for part in found.split(".")[:2]) < _OLDEST_VECTORS:
        raise StorageError(
            phrase("The database has pgvector {version}, which is too old.", version=found or "?"),
            remedy=phrase(
                "Install pgvector {oldest} or newer on the server, and let an administrator run"
                " ALTER EXTENSION vector UPDATE in the database. Then start Footnote again.",
                oldest=".".join(map(str, _OLDEST_VECTORS)),
            ),
        )


def _vectors(connection: Connection) -> str | None:
    found = connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    version = found.scalar()
    return str(version) if version is not None else None
