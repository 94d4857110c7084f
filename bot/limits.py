"""How often may be asked: by one member, in one channel, in one server."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from bot.store import ServerSettings

MINUTE: Final = 60.0
"""Seconds in which an empty bucket is full again."""
_MOST_BUCKETS: Final = 20_000
NEARLY: Final = 1e-6
"""Of a token: what sums of many small times may be off by."""


class Limiter(Protocol):
    """Token buckets: one holds a minute's questions and is refilled evenly.

    A bucket from which nothing was taken for a minute is full, as a new one is.
    """

    async def take(
        self, server: int | None, channel: int, person: int, settings: ServerSettings
    ) -> float | None:
        """Take a token from each bucket that a question belongs to, or none where one is empty.

        Args:
            server: ``None`` in direct messages.

        Returns:
            ``None`` where the question may be asked; otherwise after how many seconds it may.
        """
        ...

    async def tidy(self) -> None:
        """Let go of full buckets; to be called now and then."""
        ...


@dataclass(frozen=True, slots=True)
class Limit:
    """One of the buckets of a question.

    Attributes:
        rate: How many tokens it holds, and gets a minute.
        id: Of the member, the channel or the server.
    """

    kind: Literal["member", "channel", "server"]
    id: int
    rate: int


_Key = tuple[str, int | None, int]


@dataclass(frozen=True, slots=True)
class _Bucket:
    """How many tokens there were at a time, in seconds."""

    tokens: float
    at: float


class LocalLimiter:
    """The buckets of one process, in memory; what is full is dropped. Of one event loop.

    Args:
        clock: Seconds that never go back, such as ``time.monotonic``.
        most: How many buckets are kept at once; the one that was used longest ago gives way.
    """

    def __init__(self, clock: Callable[[], float], *, most: int = _MOST_BUCKETS) -> None:
        self._clock = clock
        self._most = most
        self._buckets: OrderedDict[_Key, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    async def take(
        self, server: int | None, channel: int, person: int, settings: ServerSettings
    ) -> float | None:
        now = self._clock()
        self._drop_full(now)
        wanted = {
            key: (self._tokens(key, limit.rate, now), limit.rate)
            for limit in limits_of(server, channel, person, settings)
            for key in [(limit.kind, server, limit.id)]
        }
        waits = [
            (1.0 - tokens) * MINUTE / rate
            for tokens, rate in wanted.values()
            if tokens < 1.0 - NEARLY
        ]
        if waits:
            return max(waits)
        for key, (tokens, _) in wanted.items():
            self._buckets[key] = _Bucket(max(tokens - 1.0, 0.0), now)
            self._buckets.move_to_end(key)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return None

    async def tidy(self) -> None:
        self._drop_full(self._clock())

    def _tokens(self, key: _Key, rate: int, now: float) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return float(rate)
        return min(float(rate), bucket.tokens + (now - bucket.at) * rate / MINUTE)

    def _drop_full(self, now: float) -> None:
        while self._buckets and next(iter(self._buckets.values())).at <= now - MINUTE:
            self._buckets.popitem(last=False)


def limits_of(
    server: int | None, channel: int, person: int, settings: ServerSettings
) -> Iterator[Limit]:
    """The buckets of a question: a member's in one server are no matter of another's."""
    if settings.per_member:
        yield Limit("member", person, settings.per_member)
    if settings.per_channel:
        yield Limit("channel", channel, settings.per_channel)
    if settings.per_server and server is not None:
        yield Limit("server", server, settings.per_server)
