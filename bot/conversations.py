"""What was said before, kept in memory for as long as someone may go on from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from retrieval.conversation import Turn

TURNS: Final = 6
CAPACITY: Final = 10_000
LIFETIME: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a conversation can be gone on with.

    ``message``: by replying to the message ``id``; ``channel``: by writing in the thread or direct
    channel ``id``; ``person``: by a command of the person ``user`` in the channel ``id``.
    """

    kind: Literal["message", "channel", "person"]
    id: int
    user: int = 0


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


class Conversations:
    """The latest turns by place; the places least recently used and the oldest are forgotten.

    Args:
        clock: Seconds that only ever grow, such as ``time.monotonic``.
        capacity: How many places are remembered.
        lifetime: Seconds after which a conversation is over.
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
        self._kept: OrderedDict[Place, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def turns(self, places: Iterable[Place]) -> tuple[Turn, ...]:
        """The turns of the first of the places that has any, oldest first."""
        for place in places:
            found = self._kept.get(place)
            if found is None:
                continue
            if self._clock() - found.at > self._lifetime:
                del self._kept[place]
                continue
            self._kept.move_to_end(place)
            return found.turns
        return ()

    def remember(
        self, places: Iterable[Place], turns: Iterable[Turn], person: int | None = None
    ) -> None:
        """Keep the last of the turns for each of the places.

        Args:
            person: Who said the last of them, so that it can be forgotten for them.
        """
        kept = tuple(turns)[-TURNS:]
        for place in places:
            before = self._kept.get(place)
            last = person or place.user or None
            people = before.people if before else frozenset()
            self._kept[place] = _Kept(
                self._clock(), kept, last, people | {last} if last else people
            )
            self._kept.move_to_end(place)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def forget(self, person: int) -> None:
        """Forget every conversation in which a person said anything, whoever went on from it."""
        said = {kept.turns[-1:] for kept in self._kept.values() if kept.last == person}
        gone = [
            place
            for place, kept in self._kept.items()
            if person in kept.people or any((turn,) in said for turn in kept.turns)
        ]
        for place in gone:
            del self._kept[place]
