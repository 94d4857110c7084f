"""What was said before, kept for as long as someone may go on from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from retrieval.conversation import Turn

TURNS: Final = 6
CAPACITY: Final = 10_000
LIFETIME: Final = 3600.0
"""Seconds after which a conversation is over."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation can be gone on with.

    ``message``: by replying to the message ``id``; ``channel``: by writing in the thread or direct
    channel ``id``; ``person``: by a command of the person ``user`` in the channel ``id``.
    """

    kind: Literal["message", "channel", "person"]
    id: int
    user: int = 0


class Conversations(Protocol):
    """The latest turns by place. What is over is forgotten.

    A place is of one server, or of direct messages, which ``None`` stands for: in another there is
    nothing to go on from there.
    """

    @property
    def are_stored(self) -> bool:
        """Whether what was said leaves this process's memory."""
        ...

    async def turns(self, server: int | None, places: Sequence[Place]) -> tuple[Turn, ...]:
        """The turns of the first of the places that has any, oldest first."""
        ...

    async def remember(
        self,
        server: int | None,
        places: Sequence[Place],
        turns: Sequence[Turn],
        person: int | None = None,
    ) -> None:
        """Keep the last of the turns for each of the places.

        Args:
            person: Who said the last of them, so that it can be forgotten for them.
        """
        ...

    async def forget(self, person: int) -> None:
        """Forget every conversation in which a person said anything, whoever went on from it.

        Raises:
            StorageError: They cannot be forgotten now.
        """
        ...

    async def tidy(self) -> None:
        """Let go of what is over; to be called now and then."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was said at a place until a time, in seconds.

    Attributes:
        last: Who said the last of the turns.
        people: All who said anything there.
    """

    at: float
    turns: tuple[Turn, ...]
    last: int | None
    people: frozenset[int]


_Key = tuple[int | None, Place]


class LocalConversations:
    """Those of one process, in memory; the places least recently used are forgotten first.

    Of one event loop.

    Args:
        clock: Seconds that only ever grow, such as ``time.monotonic``.
        capacity: How many places are remembered.
        lifetime: In seconds.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        capacity: int = CAPACITY,
        lifetime: float = LIFETIME,
    ) -> None:
        self._clock = clock
        self._capacity = capacity
        self._lifetime = lifetime
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def are_stored(self) -> bool:
        return False

    async def turns(self, server: int | None, places: Sequence[Place]) -> tuple[Turn, ...]:
        for place in places:
            found = self._kept.get((server, place))
            if found is None:
                continue
            if self._is_over(found):
                del self._kept[server, place]
                continue
            self._kept.move_to_end((server, place))
            return found.turns
        return ()

    async def remember(
        self,
        server: int | None,
        places: Sequence[Place],
        turns: Sequence[Turn],
        person: int | None = None,
    ) -> None:
        kept = tuple(turns)[-TURNS:]
        for place in places:
            before = self._kept.get((server, place))
            last = person or place.user or None
            people = before.people if before else frozenset()
            self._kept[server, place] = _Kept(
                self._clock(), kept, last, people | {last} if last else people
            )
            self._kept.move_to_end((server, place))
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    async def forget(self, person: int) -> None:
        said = {kept.turns[-1:] for kept in self._kept.values() if kept.last == person}
        gone = [
            key
            for key, kept in self._kept.items()
            if person in kept.people or any((turn,) in said for turn in kept.turns)
        ]
        for key in gone:
            del self._kept[key]

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()

    async def tidy(self) -> None:
        for key in [key for key, kept in self._kept.items() if self._is_over(kept)]:
            del self._kept[key]

    def _is_over(self, kept: _Kept) -> bool:
        return self._clock() - kept.at > self._lifetime
