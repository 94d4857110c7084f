"""Which segments of a collection are made anew when it changes.

Most changes are small, and a large segment takes long to make. So it is left as it is, what is gone
from it is only marked, and what is new becomes a segment of its own. Segments that are small, or
not much larger than the new one, are made one with it: there are then few of them, and beyond the
small ones each passage is indexed anew only as often as its collection doubles (a log-structured
merge: O'Neil et al. 1996).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SMALL: Final = 2000
"""Passages up to which a collection is one segment: to make it takes a fraction of a second. In a
larger collection a segment of fewer is left alone only until the next one is made: each segment
costs every question time."""
_MOSTLY_THERE: Final = 0.75
"""A segment of which less is left is made anew."""
_MUCH_LARGER: Final = 3
"""How many times as large as what is made anew a segment must be to be left alone."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many passages of a segment are left, of how many."""

    left: int
    all: int


def made_anew(sizes: Sequence[Size], fresh: int) -> set[int]:
    """The numbers of the segments whose passages go into a new one.

    Args:
        sizes: Of each segment.
        fresh: How many passages are in none of them; 0 if none is.
    """
    total = fresh + sum(size.left for size in sizes)
    anew = {n for n, size in enumerate(sizes) if size.left < _MOSTLY_THERE * size.all}
    if total <= SMALL and (fresh or anew or len(sizes) > 1 or any(s.left < s.all for s in sizes)):
        return set(range(len(sizes)))
    pending = fresh + sum(sizes[n].left for n in anew)
    if not pending:
        return anew
    for number in sorted(range(len(sizes)), key=lambda n: sizes[n].left):
        if number not in anew and sizes[number].left < max(SMALL, _MUCH_LARGER * pending):
            anew.add(number)
            pending += sizes[number].left
    return anew
