"""The tables of what people did. What belongs to a server carries its id.

``migrations`` makes them; a test holds that both say the same.
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
    Text,
    false,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SERVERS: Final = Table(
    "servers",
    METADATA,
    Column("server", BigInteger, primary_key=True, autoincrement=False),
    Column("settings", Text),
    Column("left_at", String(40)),
)
"""``settings``: JSON, ``None`` for the usual ones. ``left_at``: since when the bot is not there."""

ASKED: Final = Table(
    "asked",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("server", BigInteger),
    Column("channel", BigInteger, nullable=False),
    Column("message", BigInteger),
    Column("person", BigInteger, index=True),
    Column("question", Text),
    Column("answered", Boolean, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("language", String(20)),
    Column("at", String(40), nullable=False, index=True),
    Column("state", String(10), nullable=False),
    Column("told", Boolean, nullable=False, server_default=false()),
    Index(None, "server", "at"),
    Index(None, "server", "state"),
    # A number is never given twice: the buttons of old messages bear it.
    sqlite_autoincrement=True,
)
"""A row for each question. ``at``: in UTC, in ISO's form, which sorts as the times do."""

QUOTED: Final = Table(
    "quoted",
    METADATA,
    Column("asked_id", ForeignKey(ASKED.c.id, ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("article", Text, nullable=False),
)
"""The articles that an answer quoted, in its order."""

VOTES: Final = Table(
    "votes",
    METADATA,
    Column("asked_id", ForeignKey(ASKED.c.id, ondelete="CASCADE"), primary_key=True),
    Column("person", BigInteger, primary_key=True, autoincrement=False, index=True),
    Column("verdict", Integer, nullable=False),
    Column("reason", Text),
)
"""``verdict``: 1 for a good answer, -1 for a bad one."""
