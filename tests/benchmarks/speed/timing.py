"""Times of things that are measured in turn, since a shared machine is never equally busy."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")


def seconds(act: Callable[[], Any]) -> float:
    """How long ``act`` takes by the clock."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def interleaved(
    acts: Mapping[str, Callable[[Item], Any]], items: Sequence[Item]
) -> dict[str, list[float]]:
    """Seconds that each of the acts takes with each of the items, by the acts' names.

    All acts take one item before the next is theirs, each time another of them first.
    """
    names = list(acts)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number, item in enumerate(items):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            start = time.perf_counter()
            acts[name](item)
            found[name].append(time.perf_counter() - start)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that ``share`` of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
