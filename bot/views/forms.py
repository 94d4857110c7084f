"""A form to be filled in: a window with one field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import discord
from discord import ui

from bot.views.personal import personally

OPEN_FOR: Final = 900.0
"""Seconds after which what is filled in can no longer be answered."""
TITLE: Final = 45
"""Characters of a title or label."""

Submitted = Callable[[discord.Interaction[Any], str], Awaitable[None]]


class Form(ui.Modal):
    """Asks for a text and hands it on, without the white space around it.

    Args:
        label: What is to be filled in, above the field; at most ``TITLE`` characters.
        filled: What stands in the field already.
    """

    def __init__(
        self,
        title: str,
        label: str,
        submitted: Submitted,
        *,
        filled: str = "",
        most: int = 1000,
        required: bool = True,
        is_long: bool = True,
    ) -> None:
        super().__init__(title=title[:TITLE], timeout=OPEN_FOR)
        self._submitted = submitted
        self._field: ui.TextInput[Any] = ui.TextInput(
            style=discord.TextStyle.paragraph if is_long else discord.TextStyle.short,
            custom_id="text",
            default=filled[:most] or None,
            required=required,
            max_length=most,
        )
        self.add_item(ui.Label(text=label[:TITLE], component=self._field))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            await self._submitted(interaction, self._field.value.strip())
