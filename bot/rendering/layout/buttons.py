"""Where buttons stand in a message. What they are and do is given from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from discord import ui

ItemFactory = Callable[[], ui.Item[Any]]
"""Makes a button anew: an item belongs to one view only."""

IN_A_ROW: Final = 5


@dataclass(frozen=True, slots=True)
class Buttons:
    """The buttons of an answer, each where it is wanted.

    ``context`` makes the one beside a quote, given the quote's place from 0. The others stand
    below the answer in the order of the fields.
    """

    context: Callable[[int], ui.Item[Any]] | None = None
    more: ItemFactory | None = None
    follow_up: ItemFactory | None = None
    helpful: ItemFactory | None = None
    unhelpful: ItemFactory | None = None
    share: ItemFactory | None = None
    tell: ItemFactory | None = None
    delete: ItemFactory | None = None

    def below(self) -> list[ItemFactory]:
        """Those below the answer that are there."""
        given = (
            self.more,
            self.follow_up,
            self.helpful,
            self.unhelpful,
            self.share,
            self.tell,
            self.delete,
        )
        return [factory for factory in given if factory is not None]


def rows(factories: Iterable[ItemFactory]) -> Iterator[ui.ActionRow[Any]]:
    """The buttons in rows of at most ``IN_A_ROW``."""
    waiting = list(factories)
    for start in range(0, len(waiting), IN_A_ROW):
        yield ui.ActionRow(*(factory() for factory in waiting[start : start + IN_A_ROW]))


def beside(
    text: ui.TextDisplay[Any], context: Callable[[int], ui.Item[Any]] | None, index: int
) -> ui.Item[Any]:
    """A text with its button at the right, or the text alone where there is none."""
    return text if context is None else ui.Section(text, accessory=context(index))
