"""The servers in the database: their settings, and since when the bot is no longer there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from bot.store.database import DIRECT
from bot.store.notices import Notice
from bot.store.records import as_text
from bot.store.schema import ASKED, QUOTED, SERVERS, VOTES
from bot.store.upsert import upsert


def settings_of(connection: Connection, server: int) -> str | None:
    """A server's settings as they are stored."""
    query = select(SERVERS.c.settings).where(SERVERS.c.server == server)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def all_settings(connection: Connection) -> dict[int, str]:
    """The settings of all servers that have chosen any."""
    query = select(SERVERS.c.server, SERVERS.c.settings).where(SERVERS.c.settings.is_not(None))
    return {row.server: row.settings for row in connection.execute(query)}


def keep_settings(connection: Connection, server: int, settings: str) -> None:
    """Keep a server's settings in the place of those before."""
    row = {"server": server, "settings": settings}
    upsert(connection, SERVERS, row, {"settings": settings})
    Notice("settings", server).tell(connection)


def change_settings(
    connection: Connection, server: int, change: Callable[[str | None], str]
) -> None:
    """Keep what ``change`` makes of a server's settings; nobody else changes them meanwhile."""
    # Only a row that is there can be held against others; this changes nothing of it.
    row = {"server": server, "settings": None}
    upsert(connection, SERVERS, row, {"settings": SERVERS.c.settings})
    keep_settings(connection, server, change(settings_of(connection, server)))


def leave(connection: Connection, server: int, at: datetime) -> None:
    """Keep since when the bot is not in a server; the first time counts."""
    left_at = as_text(at)
    row = {"server": server, "left_at": left_at}
    upsert(connection, SERVERS, row, {"left_at": left_at}, where=SERVERS.c.left_at.is_(None))


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
    asked = select(ASKED.c.server).where(ASKED.c.server != DIRECT)
    return sorted(connection.scalars(select(SERVERS.c.server).union(asked)))


def forget(connection: Connection, server: int) -> int:
    """Delete all of a server; how many questions that were."""
    for table in (VOTES, QUOTED):
        connection.execute(delete(table).where(table.c.server == server))
    gone = connection.execute(delete(ASKED).where(ASKED.c.server == server)).rowcount
    connection.execute(delete(SERVERS).where(SERVERS.c.server == server))
    Notice("settings", server).tell(connection)
    return int(gone)
