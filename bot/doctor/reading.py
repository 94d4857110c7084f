"""Databases read without opening them as Footnote does, which would mend what is damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged database raises."""
_WAIT: Final = 5.0
"""Seconds."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing: neither the database nor what lies beside it.

    Raises:
        sqlite3.Error: There is no database, or it cannot be read.
    """
    # Without a journal nobody has it open. Then SQLite need not make one, which it does to read.
    how = "mode=ro" if journal_of(path).exists() else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_WAIT)
    try:
        yield connection
    finally:
        connection.close()


def journal_of(path: Path) -> Path:
    """Where SQLite writes changes before they are put into the file."""
    return path.with_name(f"{path.name}-wal")


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds; nothing where there is no database.

    Raises:
        sqlite3.Error, UnicodeDecodeError: It cannot be read.
    """
    if not path.exists():
        return []
    with reading(path) as connection:
        return connection.execute(query).fetchall()


def damage_of(path: Path) -> str:
    """What SQLite finds wrong with a database; empty where it is whole."""
    try:
        with reading(path) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except UNREADABLE as error:
        return str(error)
    return "" if found == ("ok",) else str(found[0] if found else "it says nothing")
