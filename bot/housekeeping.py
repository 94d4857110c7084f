"""What is kept no longer: questions of long ago, and all of servers that the bot was removed from.

A server that is left is forgotten after a while only, so that who removes the bot by mistake and
invites it again finds everything as it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from bot.library import Library
from bot.store import Store
from retrieval.errors import FootnoteError

log = logging.getLogger(__name__)

_EVERY: Final = timedelta(days=1)


class Housekeeping:
    """Deletes what its time has come for. Of one event loop.

    Args:
        grace: For how long a server is kept that the bot is no longer in.
        clock: The time, with its zone.
        brief: What lets go of what is kept for minutes or an hour only.
    """

    def __init__(
        self,
        store: Store,
        library: Library,
        grace: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        brief: Sequence[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        self._store = store
        self._library = library
        self._grace = grace
        self._clock = clock
        self._brief = brief
        self._purged: datetime | None = None
        self._present: set[int] | None = None
        self._told_of: Callable[[int], bool] = lambda server: True

    async def tidy(self) -> None:
        """Purge the store once a day, and forget servers whose time has come.

        Raises:
            FootnoteError: Something could not be deleted; the rest was.
        """
        now = self._clock()
        if self._purged is None or now - self._purged >= _EVERY:
            if gone := await asyncio.to_thread(self._store.purge):
                log.info("%d questions were older than is kept, and are deleted", gone)
            self._purged = now
        # Until it is known where the bot is now, it may be back where it was removed from.
        if self._present is not None:
            await self._forget_left()

    async def sweep(self) -> None:
        """Let go of what is kept for minutes or an hour only."""
        for tidy in self._brief:
            await tidy()

    async def compare(
        self, present: Iterable[int], told_of: Callable[[int], bool] = lambda server: True
    ) -> None:
        """Keep note of the servers that the bot was removed from, or came back to, while away.

        Args:
            present: All servers that it is in now, of those that this process is told of.
            told_of: Which those are: of the others, other processes know.
        """
        self._present = here = set(present)
        self._told_of = told_of
        try:
            kept = {*await asyncio.to_thread(self._store.servers), *await self._library.kept()}
            known = {server for server in kept if told_of(server)}
            for server in sorted(known - here):
                await asyncio.to_thread(self._store.server_left, server)
            for server in sorted(known & here):
                await asyncio.to_thread(self._store.server_back, server)
        except FootnoteError as error:
            # Nothing is lost by it: what is not noted now is noted at the next start.
            log.warning("It cannot be noted which servers I am in: %s", error)

    async def left(self, server: int) -> None:
        """The bot was removed from a server just now."""
        if self._present is not None:
            self._present.discard(server)
        await asyncio.to_thread(self._store.server_left, server)

    async def back(self, server: int) -> None:
        """The bot is in a server from now on."""
        if self._present is not None:
            self._present.add(server)
        await asyncio.to_thread(self._store.server_back, server)

    async def _forget_left(self) -> None:
        failed: FootnoteError | None = None
        for server in await asyncio.to_thread(partial(self._store.servers_to_forget, self._grace)):
            if self._present is None or server in self._present or not self._told_of(server):
                continue
            try:
                # The store last: it is what knows that the server is to be forgotten.
                await self._library.forget(server)
                await asyncio.to_thread(self._store.forget_server, server)
            except FootnoteError as error:
                failed = error
            else:
                log.info("Server %s was left long enough ago, and is forgotten", server)
        if failed is not None:
            raise failed
