"""The tables of what people did. Every row carries the id of its server.

Direct messages have a key of their own, ``database.DIRECT``. ``migrations`` makes the tables in
SQLite and ``postgres.migrations`` those in PostgreSQL, where every key has the server in it; tests
hold that all say the same.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    false,
    text,
)

from retrieval.postgres.text import AnyText

_ID: Final = BigInteger().with_variant(Integer(), "sqlite")
"""Of a row. SQLite counts in ``INTEGER`` alone, which holds as many there."""

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _server() -> Column[int]:
    return Column("server", BigInteger, nullable=False, server_default=text("0"))


SERVERS: Final = Table(
    "servers",
    METADATA,
    Column("server", BigInteger, primary_key=True, autoincrement=False),
    Column("settings", AnyText),
    Column("left_at", String(40)),
)
"""``settings``: JSON, ``None`` for the usual ones. ``left_at``: since when the bot is not there."""

ASKED: Final = Table(
    "asked",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("server", BigInteger),
    Column("channel", BigInteger, nullable=False),
    Column("message", BigInteger),
    Column("person", BigInteger, index=True),
    Column("question", AnyText),
    Column("answered", Boolean, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("language", AnyText().with_variant(String(20), "sqlite")),
    Column("at", String(40), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("told", Boolean, nullable=False, server_default=false()),
    Index(None, "server", "at"),
    Index(None, "server", "state"),
    # A number is never given twice: the buttons of old messages bear it.
    sqlite_autoincrement=True,
)
"""A row for each question. ``server``: never null. ``at``: in UTC, in ISO's form, which sorts as
the times do."""

QUOTED: Final = Table(
    "quoted",
    METADATA,
    Column("asked_id", ForeignKey(ASKED.c.id, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    _server(),
    Column("article", AnyText, nullable=False),
)
"""The articles that an answer quoted, in its order."""

VOTES: Final = Table(
    "votes",
    METADATA,
    Column("asked_id", ForeignKey(ASKED.c.id, ondelete="CASCADE"), primary_key=True),
    Column("person", BigInteger, primary_key=True, autoincrement=False, index=True),
    _server(),
    Column("verdict", Integer, nullable=False),
    Column("reason", AnyText),
)
"""``verdict``: 1 for a good answer, -1 for a bad one."""
