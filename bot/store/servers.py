"""The servers in the database: their settings, and since when the bot is no longer there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.store.records import as_text
from bot.store.schema import ASKED, SERVERS


def settings_of(connection: Connection, server: int) -> str | None:
    """A server's settings as they are stored."""
    query = select(SERVERS.c.settings).where(SERVERS.c.server == server)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def keep_settings(connection: Connection, server: int, settings: str) -> None:
    """Keep a server's settings in the place of those before."""
    statement = insert(SERVERS).values(server=server, settings=settings)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["server"], set_={"settings": settings})
    )


def leave(connection: Connection, server: int, at: datetime) -> None:
    """Keep since when the bot is not in a server; the first time counts."""
    left_at = as_text(at)
    statement = insert(SERVERS).values(server=server, left_at=left_at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["server"],
            set_={"left_at": left_at},
            where=SERVERS.c.left_at.is_(None),
        )
    )


def come_back(connection: Connection, server: int) -> None:
    """Keep that the bot is in a server."""
    statement = update(SERVERS).where(SERVERS.c.server == server, SERVERS.c.left_at.is_not(None))
    connection.execute(statement.values(left_at=None))


def left_before(connection: Connection, moment: datetime) -> list[int]:
    """The servers that the bot left before or at a moment and did not come back to."""
    query = select(SERVERS.c.server).where(SERVERS.c.left_at <= as_text(moment))
    return list(connection.scalars(query.order_by(SERVERS.c.left_at, SERVERS.c.server)))


def known(connection: Connection) -> list[int]:
    """Every server of which anything is kept."""
    asked = select(ASKED.c.server).where(ASKED.c.server.is_not(None))
    return sorted(connection.scalars(select(SERVERS.c.server).union(asked)))


def forget(connection: Connection, server: int) -> int:
    """Delete all of a server; how many questions that were."""
    gone = connection.execute(delete(ASKED).where(ASKED.c.server == server)).rowcount
    connection.execute(delete(SERVERS).where(SERVERS.c.server == server))
    return int(gone)
