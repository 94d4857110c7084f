"""Messages of components as people read them and press in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import discord
import simcord

from tests.loopback.limits import check_message
from tests.loopback.model import COMPONENTS_V2, TEXT_DISPLAY, walk


def parts_of(
    shown: simcord.InteractionResult | simcord.ResponseMessage,
) -> Iterator[dict[str, Any]]:
    """Every component of a message, which Discord itself would take."""
    message = shown.response if isinstance(shown, simcord.InteractionResult) else shown
    assert message is not None
    components = message.components
    check_message({"flags": COMPONENTS_V2, "components": components})
    return walk(components)


def words_of(shown: simcord.InteractionResult | simcord.ResponseMessage) -> str:
    """All that is read in a message of components."""
    return "\n".join(part["content"] for part in parts_of(shown) if part["type"] == TEXT_DISPLAY)


def part_of(
    shown: simcord.InteractionResult | simcord.ResponseMessage, custom_id: str
) -> dict[str, Any]:
    """The component of that name."""
    return next(part for part in parts_of(shown) if part.get("custom_id") == custom_id)


def words_in(message: discord.Message) -> str:
    """All that is read in a message of components that stands in a channel."""
    found: list[str] = []
    waiting: list[object] = list(message.components)
    while waiting:
        component = waiting.pop(0)
        if isinstance(component, discord.TextDisplay):
            found.append(component.content)
        waiting = [*getattr(component, "children", ()), *waiting]
    return "\n".join(found)
