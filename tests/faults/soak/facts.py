"""What the articles say at which time, so that an answer can be told right from wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

SETTLING: Final = 1.0
"""Seconds after a change within which every process serves it."""
_SYLLABLES: Final = ("ka", "ro", "mi", "ven", "tas", "lo", "dri", "shu", "bel", "gor")


@dataclass(slots=True)
class Value:
    """A number that is said for a time: seconds of the event loop's clock."""

    number: int
    since: float
    until: float = inf


@dataclass(slots=True)
class Fact:
    """A place with a number, which changes now and then.

    Attributes:
        values: Oldest first; the last may not have been served yet.
    """

    place: str
    values: list[Value] = field(default_factory=list)

    @property
    def question(self) -> str:
        """What is asked of it."""
        return f"From which pier does the ferry to {self.place} leave?"

    @property
    def text(self) -> str:
        """What its article says."""
        return (
            f"The ferry to {self.place} leaves from pier {self.values[-1].number} every morning. "
            "In winter it waits for the train, and whoever comes later must stay the night."
        )

    def say(self, number: int, now: float) -> None:
        """From now on another number may be said."""
        self.values.append(Value(number, now))

    def settle(self, now: float) -> None:
        """What was said before the last change is not said any more, once all have heard of it."""
        for value in self.values[:-1]:
            value.until = min(value.until, now + SETTLING)

    def numbers(self, asked: float, answered: float) -> set[str]:
        """What may be answered to a question."""
        return {
            str(value.number)
            for value in self.values
            if value.since <= answered and asked <= value.until
        }

    def ever(self) -> set[str]:
        """Every number that it had."""
        return {str(value.number) for value in self.values}


class Numbers:
    """Numbers that nothing else has."""

    def __init__(self) -> None:
        self._last = 400_000

    def next(self) -> int:
        self._last += 31
        return self._last


def facts(count: int, numbers: Numbers, *, first: int = 0) -> Sequence[Fact]:
    """Some facts of different places, said from the beginning."""
    return [Fact(_place(first + n), [Value(numbers.next(), 0.0)]) for n in range(count)]


def _place(number: int) -> str:
    base = len(_SYLLABLES)
    digits = (number // base // base % base, number // base % base, number % base)
    return "".join(_SYLLABLES[digit] for digit in digits).capitalize()
