"""SQLite as Footnote uses it: connections, transactions, and how damage shows itself."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

WAIT: Final = 60.0
"""Seconds for which a change waits for that of another process."""
WRITES: Final[Mapping[str, bool]] = {"footnote_writes": True}
"""The execution options of a connection whose transactions change something."""

ERRORS: Final = (SQLAlchemyError, sqlite3.Error, UnicodeDecodeError)
"""What using a database raises; the last where the driver cannot even tell what is damaged."""
_DAMAGE: Final = (
    "malformed",
    "not a database",
    "disk image",
    "no such",
    "not decode",
    "foreign key mismatch",
)
_MISREAD: Final = ("readonly", "unsupported file format")


def connect(path: Path, *, synchronous: str) -> Engine:
    """An engine over a database file, for any number of threads.

    Args:
        synchronous: ``FULL`` for what must survive a power cut; ``NORMAL`` for what may lose its
            last transactions to one.
    """
    engine = create_engine(
        URL.create("sqlite", database=str(path.absolute())),
        connect_args={"timeout": WAIT, "check_same_thread": False},
        pool_size=8,
        max_overflow=-1,
        # An error is logged; what people wrote is not.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # Transactions are begun below, not by the driver, which would leave out reads and DDL.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        # What is deleted is gone from the file too.
        connection.execute("PRAGMA secure_delete = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("footnote_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def raw(connection: Connection) -> sqlite3.Connection:
    """The driver's connection, for what is done outside of transactions."""
    return cast(sqlite3.Connection, connection.connection.driver_connection)


def is_damage(error: Exception, path: Path) -> bool:
    """Whether an error says that the file ``path`` is not as it was written."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, UnicodeDecodeError):
        return True
    if not isinstance(cause, sqlite3.DatabaseError):
        return False
    text = str(cause)
    if any(sign in text for sign in _DAMAGE):
        return True
    # A byte at the beginning says that nobody may write the file, or who may read it.
    misread = any(sign in text for sign in _MISREAD)
    return misread and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one of the same name; ``None`` where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of a database: its own, its journal and the index of that."""
    return tuple(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))
