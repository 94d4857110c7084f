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
        self._kept: OrderedDict[Place, tuple[float, tuple[Turn, ...]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def turns(self, places: Iterable[Place]) -> tuple[Turn, ...]:
        """The turns of the first of the places that has any, oldest first."""
        for place in places:
            found = self._kept.get(place)
            if found is None:
                continue
            if self._clock() - found[0] > self._lifetime:
                del self._kept[place]
                continue
            self._kept.move_to_end(place)
            return found[1]
        return ()

    def remember(self, places: Iterable[Place], turns: Iterable[Turn]) -> None:
        """Keep the last of the turns for each of the places."""
        kept = tuple(turns)[-TURNS:]
        for place in places:
            self._kept[place] = (self._clock(), kept)
            self._kept.move_to_end(place)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)
