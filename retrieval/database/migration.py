"""The database's schema brought to the newest version, with Alembic."""

from __future__ import annotations

import threading
from importlib import resources
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

HEAD: Final = "0001"
"""The newest migration. Kept here so that an up-to-date database needs no Alembic."""

_ONE_AT_A_TIME: Final = threading.Lock()
"""``alembic.context`` is one for the whole process: two upgrades at once would take each other's
connection."""


class NewerSchemaError(Exception):
    """A newer version of Footnote made the schema."""


def version_of(connection: Connection) -> str | None:
    """The version of the schema; ``None`` where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def is_behind(engine: Engine, head: str) -> bool:
    """Whether migrations are missing, or there is no schema yet.

    Raises:
        NewerSchemaError: The schema is one that this version does not know.
    """
    with engine.connect() as connection, connection.begin():
        found = version_of(connection)
    if found is not None and found > head:
        raise NewerSchemaError(found)
    return found != head


def upgrade(
    connection: Connection,
    package: str = "retrieval.database",
    version_table: str = "alembic_version",
) -> None:
    """Run the migrations that are missing, inside the connection's transaction.

    Args:
        package: Where the folder ``migrations/versions`` is.
        version_table: Where the version is kept: a database may have two schemas.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    environment = resources.as_file(resources.files("retrieval.database") / "migrations")
    versions = resources.as_file(resources.files(package) / "migrations" / "versions")
    with _ONE_AT_A_TIME, environment as folder, versions as own:
        config.set_main_option("script_location", _literal(folder))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", _literal(own))
        config.attributes["connection"] = connection
        config.attributes["version_table"] = version_table
        command.upgrade(config, "head")


def _literal(path: Path) -> str:
    """A path as Alembic's settings take it, in which ``%`` begins a name."""
    return str(path).replace("%", "%%")
