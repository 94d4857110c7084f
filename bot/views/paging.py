"""The pair of buttons that turns the pages of a list."""

from __future__ import annotations

from typing import Any, Protocol

from discord import ui

from bot.languages import t
from bot.rendering.layout import ItemFactory


class Turn(Protocol):
    """Makes a button that shows a page, counted from 0."""

    def __call__(self, direction: str, page: int, *, disabled: bool) -> ui.Item[Any]: ...


def turn_label(direction: str) -> str:
    """What stands on a button that turns to the ``previous`` or the ``next`` page."""
    return t("◀ Previous") if direction == "previous" else t("Next ▶")


def turns(turn: Turn, page: int, pages: int) -> list[ItemFactory]:
    """The way back and the way on from a page; at either end one of them cannot be pressed."""
    return [
        lambda: turn("previous", max(page - 1, 0), disabled=page == 0),
        lambda: turn("next", page + 1, disabled=page >= pages - 1),
    ]
