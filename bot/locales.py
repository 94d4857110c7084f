"""Which language people's Discord is in, as far as they have done anything that tells it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

CAPACITY: Final = 10_000


class Locales:
    """The last locale of each person, such as ``pt-BR``, in memory only.

    Discord tells it with commands and buttons, but not with what somebody writes.

    Args:
        capacity: How many people are remembered; who did nothing for the longest is forgotten.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._locales: OrderedDict[int, str] = OrderedDict()

    def of(self, person: int) -> str | None:
        """A person's locale, if it is known."""
        return self._locales.get(person)

    def note(self, person: int, locale: str) -> None:
        """Remember a person's locale in the place of any before."""
        self._locales[person] = locale
        self._locales.move_to_end(person)
        while len(self._locales) > self._capacity:
            self._locales.popitem(last=False)

    def forget(self, person: int) -> None:
        """Know nothing of a person any more."""
        self._locales.pop(person, None)

    def clear(self) -> None:
        """Know nothing of anybody any more."""
        self._locales.clear()
