"""What follows from what was measured: how much a server holds, and how many processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.library import CHANGE_WORKERS
from retrieval.postgres.addresses import POOL_OVERFLOW, POOL_SIZE
from tests.benchmarks.capacity.measuring import Measured

DISK: Final = 100e9
"""Bytes of the PostgreSQL that is asked about."""
LIMITS: Final = (100, 500)
"""Its ``max_connections``."""
RESERVED: Final = 3
"""Of those, kept for superusers unless the server is told otherwise."""
LISTENING: Final = 1
LOCKS: Final = 2 + CHANGE_WORKERS
"""Which process leads, whose shards may connect, and each collection that is being changed."""
MOST: Final = POOL_SIZE + POOL_OVERFLOW + LISTENING + LOCKS
"""Connections of one process when everything happens at once."""
A_SHARD: Final = 2500
"""Discord servers of one shard, by Discord's rule; above it a bot needs more shards."""
BUSIEST: Final = 0.1
"""The share of a day's questions that is taken to come in its busiest hour."""
_DAY: Final = 86_400
_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class Computed:
    """A figure, and what it was computed from."""

    what: str
    value: float
    source: str


def compute(measured: Sequence[Measured]) -> list[Computed]:
    """What follows for each place, and for a PostgreSQL with many processes."""
    found = [figure for place in measured for figure in _of_place(place)]
    for limit in LIMITS:
        found.append(
            Computed(
                f"Processes at max_connections = {limit}",
                (limit - RESERVED) // MOST,
                f"{RESERVED} are reserved; a process has at most {MOST}: {POOL_SIZE} in its pool"
                f" and {POOL_OVERFLOW} more for a moment, {LISTENING} that listens, {LOCKS} locks",
            )
        )
    return found


def _of_place(place: Measured) -> list[Computed]:
    each = sum(place.bytes_each.values())
    rate = place.served.together
    figures = [
        Computed(f"{place.name}: passages in 100 GB", DISK / each, f"{each:,.0f} bytes each"),
        Computed(
            f"{place.name}: questions a day of one process",
            rate * _DAY,
            f"{rate:,.1f} a second, all day",
        ),
        Computed(
            f"{place.name}: the same for each of {A_SHARD:,} Discord servers",
            rate * _HOUR / BUSIEST / A_SHARD,
            f"the busiest hour has {BUSIEST:.0%} of a day's questions",
        ),
    ]
    if place.database_processor:
        figures.append(
            Computed(
                f"{place.name}: questions a second for each processor of the server",
                1000 / place.database_processor,
                f"{place.database_processor:.1f} ms of its processors a question",
            )
        )
    return figures
