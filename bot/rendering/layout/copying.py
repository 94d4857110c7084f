"""An answer that was sent before, once more, word for word: read from the message itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import discord
from discord import ui

from bot.rendering.discord.reply import ANSWER_COLOUR
from bot.rendering.layout.answers import in_container
from bot.rendering.layout.budget import TEXT
from bot.rendering.layout.buttons import ItemFactory, rows
from bot.rendering.layout.marks import small
from bot.rendering.sanitize import units


def copy_of(
    message: discord.Message,
    again: Callable[[str], ui.Item[Any] | None],
    *,
    note: str = "",
    leave_out: Callable[[str], bool] = lambda _: False,
    buttons: Iterable[ItemFactory] = (),
) -> ui.LayoutView | None:
    """The answer that a message shows; ``None`` where it shows none.

    Args:
        again: Makes a button from its custom id.
        note: A line on top, left out where the message is full.
        leave_out: Whether a button below the answer is not wanted, by its custom id.
        buttons: What is wanted besides.
    """
    container = next((c for c in message.components if isinstance(c, discord.Container)), None)
    if container is None:
        return None
    items: list[ui.Item[Any]] = []
    kept: list[ItemFactory] = []
    for component in container.children:
        if isinstance(component, discord.ActionRow):
            ids = [custom_id for child in component.children if (custom_id := _id_of(child))]
            found = [again(id_) for id_ in ids if not leave_out(id_)]
            kept += [_giving(item) for item in found if item is not None]
        elif (item := _item(component, again)) is not None:
            items.append(item)
    said = sum(units(item.content) for item in _texts(items))
    if note and said + units(small(note)) <= TEXT:
        items.insert(0, ui.TextDisplay(small(note)))
    items += rows([*kept, *buttons])
    colour = container.accent_colour
    return in_container(items, colour.value if colour else ANSWER_COLOUR)


def _item(component: object, again: Callable[[str], ui.Item[Any] | None]) -> ui.Item[Any] | None:
    if isinstance(component, discord.TextDisplay):
        return ui.TextDisplay(component.content, id=component.id)
    if isinstance(component, discord.SeparatorComponent):
        return ui.Separator()
    if isinstance(component, discord.SectionComponent):
        texts: list[ui.TextDisplay[Any]] = [
            ui.TextDisplay(text.content, id=text.id)
            for text in component.children
            if isinstance(text, discord.TextDisplay)
        ]
        button = again(_id_of(component.accessory) or "")
        return texts[0] if button is None else ui.Section(*texts, accessory=button)
    return None


def _giving(item: ui.Item[Any]) -> ItemFactory:
    return lambda: item


def _texts(items: Iterable[ui.Item[Any]]) -> Iterable[ui.TextDisplay[Any]]:
    for item in items:
        if isinstance(item, ui.TextDisplay):
            yield item
        elif isinstance(item, ui.Section):
            yield from (child for child in item.children if isinstance(child, ui.TextDisplay))


def _id_of(component: object) -> str | None:
    return component.custom_id if isinstance(component, discord.Button) else None
