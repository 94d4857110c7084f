"""How often may be asked, counted by all processes together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from bot.limits import MINUTE, NEARLY, Limit, limits_of
from bot.store.database import EVERYWHERE, key_of
from bot.store.postgres.people import PostgresPeople
from bot.store.postgres.threads import Threads
from bot.store.server_settings import ServerSettings

_WAIT_S: Final = 1.0
"""Seconds after which a question is let through: an acknowledgement is due."""
# Always in the same order, so that two questions never wait for each other's buckets.
_REFILL: Final = """
INSERT INTO buckets (server, kind, id, tokens, at)
SELECT %s::bigint, kind, id, rate, coalesce(%s::float8, extract(epoch FROM clock_timestamp()))
FROM unnest(%s::text[], %s::bigint[], %s::float8[]) AS wanted (kind, id, rate)
ORDER BY kind, id
ON CONFLICT (server, kind, id) DO UPDATE SET
    tokens = least(
        excluded.tokens,
        buckets.tokens + greatest(excluded.at - buckets.at, 0) * excluded.tokens / 60
    ),
    at = CASE
        WHEN excluded.at < buckets.at - 60 THEN excluded.at
        ELSE greatest(excluded.at, buckets.at)
    END
RETURNING kind, tokens
"""
"""Refills the buckets and holds them until the transaction ends.

Who waited for a bucket comes a moment late. By more than a minute nobody does: the clock was set
back, and a bucket would stay empty until it is as late again.
"""
_TAKE: Final = """
UPDATE buckets SET tokens = greatest(tokens - 1, 0)
FROM unnest(%s::text[], %s::bigint[]) AS wanted (kind, id)
WHERE buckets.server = %s AND buckets.kind = wanted.kind AND buckets.id = wanted.id
"""
_DROP: Final = """
DELETE FROM buckets WHERE (server, kind, id) IN (
    SELECT server, kind, id FROM buckets
    WHERE at < coalesce(%s::float8, extract(epoch FROM clock_timestamp())) - 60
    FOR UPDATE SKIP LOCKED
)
"""


class SharedLimiter:
    """The buckets of all processes, in PostgreSQL. Of one event loop. See ``bot.limits``.

    Where the database does not answer in time the question is let through: better one too many
    than none.

    Args:
        clock: Seconds for all processes; the database's own where not given.
    """

    def __init__(
        self,
        people: PostgresPeople,
        clock: Callable[[], float] | None = None,
        *,
        within: float = _WAIT_S,
    ) -> None:
        self._people = people
        self._clock = clock
        self._threads = Threads("It is not counted how often is asked", within)

    async def take(
        self, server: int | None, channel: int, person: int, settings: ServerSettings
    ) -> float | None:
        limits = sorted(
            limits_of(server, channel, person, settings), key=lambda limit: (limit.kind, limit.id)
        )
        if not limits:
            return None
        key, now = key_of(server), self._now()

        def work(connection: Connection) -> float | None:
            return _take(connection, key, limits, now)

        return await self._threads.attempt(lambda: self._people.write(key, work))

    async def tidy(self) -> None:
        now = self._now()

        def work(connection: Connection) -> None:
            connection.exec_driver_sql(_DROP, (now,))

        await self._threads.attempt(lambda: self._people.write(EVERYWHERE, work))

    def _now(self) -> float | None:
        return None if self._clock is None else self._clock()


def _take(
    connection: Connection, server: int, limits: Sequence[Limit], now: float | None
) -> float | None:
    kinds: list[Any] = [limit.kind for limit in limits]
    ids: list[Any] = [limit.id for limit in limits]
    rates = {limit.kind: limit.rate for limit in limits}
    rows = connection.exec_driver_sql(_REFILL, (server, now, kinds, ids, [*rates.values()])).all()
    waits: list[float] = [
        (1.0 - row.tokens) * MINUTE / rates[row.kind] for row in rows if row.tokens < 1.0 - NEARLY
    ]
    if waits:
        return max(waits)
    connection.exec_driver_sql(_TAKE, (kinds, ids, server))
    return None
