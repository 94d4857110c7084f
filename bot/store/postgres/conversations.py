"""What was said before, for every process: whichever of them is asked next can go on from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection

from bot.conversations import LIFETIME, TURNS, Place
from bot.store.database import EVERYWHERE, key_of
from bot.store.postgres.people import PostgresPeople
from bot.store.postgres.threads import Threads
from retrieval.conversation import Turn

_WAIT_S: Final = 1.0
"""Seconds after which a question is answered without what was said before."""
_FIND: Final = """
SELECT turns FROM conversations
JOIN unnest(%s::text[], %s::bigint[], %s::bigint[]) WITH ORDINALITY
    AS wanted (kind, place, person, number) USING (kind, place, person)
WHERE server = %s AND at >= coalesce(%s::float8, extract(epoch FROM clock_timestamp())) - %s
ORDER BY number LIMIT 1
"""
_KEEP: Final = """
INSERT INTO conversations (server, kind, place, person, turns, last, people, at)
SELECT %s, kind, place, person, %s::text[], nullif(last, 0), array_remove(ARRAY[last], 0),
    coalesce(%s::float8, extract(epoch FROM clock_timestamp()))
FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS said (kind, place, person, last)
ORDER BY kind, place, person
ON CONFLICT (server, kind, place, person) DO UPDATE SET
    turns = excluded.turns,
    last = excluded.last,
    people = ARRAY(SELECT unnest(conversations.people) UNION SELECT unnest(excluded.people)),
    at = excluded.at
"""
_FORGET: Final = """
DELETE FROM conversations WHERE people @> ARRAY[%s::bigint] OR turns && ARRAY(
    SELECT turns[cardinality(turns)] FROM conversations
    WHERE last = %s AND cardinality(turns) > 0
)
"""
_DROP: Final = """
DELETE FROM conversations
WHERE at < coalesce(%s::float8, extract(epoch FROM clock_timestamp())) - %s
"""


class SharedConversations:
    """The conversations of all processes, in PostgreSQL. Of one event loop.

    See ``bot.conversations``. Where the database does not answer in time, a question is taken for
    the first of its conversation.

    Args:
        clock: Seconds for all processes; the database's own where not given.
        lifetime: In seconds.
    """

    def __init__(
        self,
        people: PostgresPeople,
        clock: Callable[[], float] | None = None,
        *,
        lifetime: float = LIFETIME,
        within: float = _WAIT_S,
    ) -> None:
        self._people = people
        self._clock = clock
        self._lifetime = lifetime
        self._threads = Threads("What was said before is not known", within)

    @property
    def are_stored(self) -> bool:
        return True

    async def turns(self, server: int | None, places: Sequence[Place]) -> tuple[Turn, ...]:
        if not places:
            return ()
        key = key_of(server)
        wanted = (
            [place.kind for place in places],
            [place.id for place in places],
            [place.user for place in places],
        )
        values = (*wanted, key, self._now(), self._lifetime)

        def work(connection: Connection) -> tuple[Turn, ...]:
            found = connection.exec_driver_sql(_FIND, values).scalar()
            return tuple(map(_from_text, found or ()))

        return await self._threads.attempt(lambda: self._people.read(key, work)) or ()

    async def remember(
        self,
        server: int | None,
        places: Sequence[Place],
        turns: Sequence[Turn],
        person: int | None = None,
    ) -> None:
        if not places:
            return
        key = key_of(server)
        # A place that is named twice is one row.
        said = {(each.kind, each.id, each.user): person or each.user for each in places}
        kinds, ids, users = zip(*said, strict=True)
        kept = [_as_text(turn) for turn in turns[-TURNS:]]
        values = (key, kept, self._now(), [*kinds], [*ids], [*users], [*said.values()])

        def work(connection: Connection) -> None:
            connection.exec_driver_sql(_KEEP, values)

        await self._threads.attempt(lambda: self._people.write(key, work))

    async def forget(self, person: int) -> None:
        def work(connection: Connection) -> None:
            connection.exec_driver_sql(_FORGET, (person, person))

        await self._threads.run(lambda: self._people.write(EVERYWHERE, work))

    async def tidy(self) -> None:
        values = (self._now(), self._lifetime)

        def work(connection: Connection) -> None:
            connection.exec_driver_sql(_DROP, values)

        await self._threads.attempt(lambda: self._people.write(EVERYWHERE, work))

    def _now(self) -> float | None:
        return None if self._clock is None else self._clock()


def _as_text(turn: Turn) -> str:
    """A turn as it is stored: the same text for the same turn, in ASCII, whatever was said."""
    return json.dumps([turn.question, turn.quoted, turn.follows])


def _from_text(stored: str) -> Turn:
    question, quoted, follows = json.loads(stored)
    return Turn(question, quoted, follows)
