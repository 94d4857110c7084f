"""How often may be asked: by one member, in one channel, in one server."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.store import ServerSettings

_MINUTE: Final = 60.0
_MOST_BUCKETS: Final = 20_000
_NEARLY: Final = 1e-6
"""Of a token: what sums of many small times may be off by."""
_Key = tuple[str, int | None, int]


@dataclass(frozen=True, slots=True)
class _Bucket:
    """How many tokens there were at a time, in seconds."""

    tokens: float
    at: float


class Limiter:
    """Token buckets: one holds a minute's questions and is refilled evenly.

    A bucket from which nothing was taken for a minute is full, as a new one is, and is dropped.
    Of one thread, or of one event loop.

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

    def take(
        self, server: int | None, channel: int, person: int, settings: ServerSettings
    ) -> float | None:
        """Take a token from each bucket that a question belongs to, or none where one is empty.

        Args:
            server: ``None`` in direct messages.

        Returns:
            ``None`` where the question may be asked; otherwise after how many seconds it may.
        """
        now = self._clock()
        self._drop_full(now)
        wanted = {
            key: (self._tokens(key, rate, now), rate)
            for key, rate in _limits(server, channel, person, settings)
        }
        waits = [
            (1.0 - tokens) * _MINUTE / rate
            for tokens, rate in wanted.values()
            if tokens < 1.0 - _NEARLY
        ]
        if waits:
            return max(waits)
        for key, (tokens, _) in wanted.items():
            self._buckets[key] = _Bucket(max(tokens - 1.0, 0.0), now)
            self._buckets.move_to_end(key)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return None

    def _tokens(self, key: _Key, rate: int, now: float) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return float(rate)
        return min(float(rate), bucket.tokens + (now - bucket.at) * rate / _MINUTE)

    def _drop_full(self, now: float) -> None:
        while self._buckets and next(iter(self._buckets.values())).at <= now - _MINUTE:
            self._buckets.popitem(last=False)


def _limits(
    server: int | None, channel: int, person: int, settings: ServerSettings
) -> Iterator[tuple[_Key, int]]:
    """The buckets of a question, each with how many tokens it gets a minute."""
    # A member's questions in one server are no matter of another's.
    if settings.per_member:
        yield ("member", server, person), settings.per_member
    if settings.per_channel:
        yield ("channel", server, channel), settings.per_channel
    if settings.per_server and server is not None:
        yield ("server", server, server), settings.per_server
