"""The database's schema brought to the newest version, with Alembic."""

from __future__ import annotations

import threading
from importlib import resources
from typing import Final

from sqlalchemy import Connection, inspect, text

HEAD: Final = "0001"
"""The newest migration. Kept here so that an up-to-date database needs no Alembic."""

_ONE_AT_A_TIME: Final = threading.Lock()
"""``alembic.context`` is one for the whole process: two upgrades at once would take each other's
connection."""


def version_of(connection: Connection) -> str | None:
    """The version of the schema; ``None`` where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def upgrade(connection: Connection, package: str = "retrieval.database") -> None:
    """Run the migrations that are missing, inside the connection's transaction.

    Args:
        package: Where the folder ``migrations`` is.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    found = resources.as_file(resources.files(package) / "migrations")
    with _ONE_AT_A_TIME, found as folder:
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
