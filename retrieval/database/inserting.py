"""Inserting what may be there already, in the words of each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql


def insert_into(table: Table, connection: Connection) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can be told what to do with rows that are there already."""
    if connection.dialect.name == "postgresql":
        # Who has no such server need not wait until all that speaks to one is loaded.
        from sqlalchemy.dialects.postgresql import insert

        return insert(table)
    return sqlite.insert(table)
