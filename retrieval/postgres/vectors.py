"""pgvector in the database: whether it is there, and new enough."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from retrieval.errors import StorageError
from retrieval.phrases import phrase

_OLDEST: Final = (0, 8)
"""The first that goes on searching until enough of a collection is found."""


def ensure_vectors(connection: Connection) -> None:
    """Make the extension where it is missing, inside the connection's transaction.

    Raises:
        StorageError: Only somebody else may make it, it is not installed, or it is too old.
    """
    found = _version(connection)
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
        found = _version(connection)
    if found is None or tuple(int(part) for part in found.split(".")[:2]) < _OLDEST:
        raise StorageError(
            phrase("The database has pgvector {version}, which is too old.", version=found or "?"),
            remedy=phrase(
                "Install pgvector {oldest} or newer on the server, and let an administrator run"
                " ALTER EXTENSION vector UPDATE in the database. Then start Footnote again.",
                oldest=".".join(map(str, _OLDEST)),
            ),
        )


def _version(connection: Connection) -> str | None:
    found = connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    return found.scalar()
