"""Which commands Discord was told of last, remembered for all processes."""

from __future__ import annotations

from typing import Final

from bot.store.database import DIRECT
from bot.store.postgres.people import PostgresPeople

_LAST: Final = "SELECT digest FROM registered WHERE server = %s AND bot = %s"
_KEEP: Final = """
INSERT INTO registered (server, bot, digest) VALUES (%s, %s, %s)
ON CONFLICT (server, bot) DO UPDATE SET digest = excluded.digest
"""


class SharedRegistrations:
    """As ``bot.registration.Registrations``, in PostgreSQL. They belong to no server."""

    def __init__(self, people: PostgresPeople) -> None:
        self._people = people

    def last(self, key: str) -> str | None:
        return self._people.read(
            DIRECT,
            lambda connection: connection.exec_driver_sql(_LAST, (DIRECT, key)).scalar(),
        )

    def keep(self, key: str, digest: str) -> None:
        self._people.write(
            DIRECT,
            lambda connection: connection.exec_driver_sql(_KEEP, (DIRECT, key, digest)),
        )
