"""The people's tables brought to the newest version, by one process of all that start."""

from __future__ import annotations

from typing import Final

from retrieval.postgres.migration import migrate
from retrieval.postgres.servers import Servers

HEAD: Final = "0001"
"""The newest migration. Kept here so that an up-to-date database needs no Alembic."""
VERSION_TABLE: Final = "alembic_version_people"
"""The articles have one of their own in the same database."""


def migrate_people(servers: Servers) -> None:
    """Run the migrations that are missing, all of them or none.

    Raises:
        StorageError: A newer version of Footnote made the tables, or the server cannot make them.
    """
    migrate(servers, "bot.store.postgres", VERSION_TABLE, HEAD)
