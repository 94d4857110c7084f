"""Shards: which servers this process hears of, and when its connections to Discord may begin.

Discord splits what happens among shards: a server belongs to the one that its id gives, direct
messages to the first. One process may run all of them, or several share them.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import discord
from discord.gateway import ReconnectWebSocket

from bot.leadership import Lock
from retrieval.errors import FootnoteError, StorageError

if TYPE_CHECKING:
    from discord.shard import Shard

PAUSE: Final = 5.0
"""Seconds in which Discord lets one shard of each group begin a session."""
_BEFORE_ANOTHER: Final = (1.0, 5.0)
"""Seconds that a shard waits before it begins another session: Discord asks for some of these."""
_LOOK: Final = 0.25
"""Seconds between two looks at whether another process lets this one begin."""
_PATIENCE: Final = 120.0
"""Seconds after which it is begun all the same: at worst Discord says to come again."""


class ShardsUnknownError(FootnoteError):
    """Discord does not say how many shards the bot is to have."""


@dataclass(frozen=True, slots=True)
class Shards:
    """Those that this process runs.

    Attributes:
        count: Of all processes together; ``None`` for as many as Discord recommends.
        ids: This process's; all of them where there are none.
    """

    count: int | None = 1
    ids: tuple[int, ...] = ()

    @property
    def is_part(self) -> bool:
        """Whether other processes run some too."""
        return self.count is not None and 0 < len(self.ids) < self.count

    def has(self, server: int) -> bool:
        """Whether this process is told what happens in a server. ``count`` must be known."""
        if self.count is None:
            return not self.ids
        return not self.ids or (server >> 22) % self.count in self.ids


class Turns:
    """Lets shards begin their sessions as fast as Discord allows, and no faster.

    Shards whose numbers leave the same remainder when divided by ``together`` are a group, and one
    of a group may begin in five seconds.

    Args:
        together: ``max_concurrency``, as Discord gives it.
        clock: Seconds that only ever grow.
        sleep: Waits for some seconds.
        lock: The lock of a group among all processes; ``None`` where there are no others.
        pause: Seconds between two of a group.
    """

    def __init__(
        self,
        together: int,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        *,
        lock: Callable[[int], Lock] | None = None,
        pause: float = PAUSE,
    ) -> None:
        self._together = max(1, together)
        self._clock = clock
        self._sleep = sleep
        self._lock = lock
        self._pause = pause
        self._free_from: dict[int, float] = {}
        self._begun: set[int] = set()
        self._held: set[asyncio.Task[None]] = set()

    async def wait(self, shard: int) -> None:
        """Return when a shard may begin a session."""
        if shard in self._begun:
            # Discord has ended its session, or another process was faster: by chance these do not
            # come together again.
            await self._sleep(random.uniform(*_BEFORE_ANOTHER))  # noqa: S311
        self._begun.add(shard)
        group, now = shard % self._together, self._clock()
        at = max(now, self._free_from.get(group, now))
        self._free_from[group] = at + self._pause
        if at > now:
            await self._sleep(at - now)
        if self._lock is not None:
            await self._wait_for_others(self._lock(group))

    async def _wait_for_others(self, lock: Lock) -> None:
        """Return when no other process has let a shard of the group begin lately."""
        until = self._clock() + _PATIENCE
        while self._clock() < until:
            try:
                if await asyncio.to_thread(lock.acquire):
                    task = asyncio.ensure_future(self._let_go(lock))
                    # Kept, as the loop itself does not keep a task alive.
                    self._held.add(task)
                    task.add_done_callback(self._held.discard)
                    return
            except StorageError:
                return  # Discord tells who comes too early to come again.
            await self._sleep(_LOOK)

    async def _let_go(self, lock: Lock) -> None:
        try:
            await self._sleep(self._pause)
        finally:
            await asyncio.to_thread(lock.release)


class _AgainError(Exception):
    """discord.py is about to try again what is being tried."""


class Launches:
    """Begins shards for the first time, each until it is connected.

    discord.py tries again by calling itself, and Python ends that after an hour of failures.
    """

    def __init__(self) -> None:
        self._trying: set[int] = set()

    async def until_connected(self, shard: int, launch: Callable[[], Awaitable[None]]) -> None:
        """Return when a shard is connected.

        Args:
            launch: discord.py's, which calls this again from within where it fails.
        """
        if shard in self._trying:
            raise _AgainError
        self._trying.add(shard)
        try:
            while True:
                try:
                    await launch()
                except _AgainError:
                    continue
                return
        finally:
            self._trying.discard(shard)


async def agree(client: discord.AutoShardedClient, shards: Shards) -> tuple[Shards, int]:
    """The shards with their number, and how many may begin together. To be called logged in.

    Raises:
        ShardsUnknownError: Discord is to choose, and does not answer.
    """
    if shards.count == 1:
        return shards, 1
    try:
        count, _, limits = await client.http.get_bot_gateway()
    except discord.GatewayNotFound as error:
        if shards.count is not None:
            return shards, 1
        raise ShardsUnknownError(
            "Discord does not say how many shards the bot is to have.",
            remedy="Try again later, or set SHARD_COUNT: 1 is enough for 1000 servers.",
        ) from error
    if shards.count is None:
        shards = Shards(count)
    return shards, limits["max_concurrency"]


def keep_session(client: discord.AutoShardedClient, shard: int) -> None:
    """Have a shard that lost its connection go on where it was, as a client of one shard does.

    discord.py would begin another session after an attempt that failed, and so never hear of what
    happened meanwhile; and while one shard waits before it tries again, no other would try.
    """
    info = client.get_shard(shard)
    if info is None:
        return
    parent: Shard = info._parent
    waiting: set[asyncio.Task[None]] = set()

    async def reconnect() -> None:
        resume = parent.ws.session_id is not None
        await parent.reidentify(ReconnectWebSocket(shard, resume=resume))

    async def handle_disconnect(e: Exception) -> None:
        task = asyncio.ensure_future(type(parent)._handle_disconnect(parent, e))
        # Kept, as the loop itself does not keep a task alive.
        waiting.add(task)
        task.add_done_callback(waiting.discard)

    parent.reconnect = reconnect  # type: ignore[method-assign]
    parent._handle_disconnect = handle_disconnect  # type: ignore[method-assign]
