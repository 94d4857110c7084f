"""To insert a row or change the one that is there, in either database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: Connection,
    table: Table,
    row: Mapping[str, Any],
    changes: Mapping[str, Any],
    where: ColumnElement[bool] | None = None,
) -> None:
    """Insert a row, or make the changes to the one with the same key.

    Args:
        where: The changes are made only where the row that is there fulfils this.
    """
    keys = [column.name for column in table.primary_key]
    if connection.dialect.name == "postgresql":
        # There every key has the server in it, by which the tables can be divided.
        keys = list(dict.fromkeys(["server", *keys]))
        connection.execute(
            postgresql.insert(table)
            .values(**row)
            .on_conflict_do_update(index_elements=keys, set_=dict(changes), where=where)
        )
    else:
        connection.execute(
            sqlite.insert(table)
            .values(**row)
            .on_conflict_do_update(index_elements=keys, set_=dict(changes), where=where)
        )
