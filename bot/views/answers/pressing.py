"""What all buttons below an answer have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Self

import discord
from discord import ui

from bot.views.personal import personally

if TYPE_CHECKING:
    from bot.client import FootnoteClient

ID: Final = r"\d{1,20}"
"""Of a person or message, or of a question in the store."""


class AnswerButton(ui.DynamicItem[ui.Button[Any]], template=r"footnote:no-button"):
    """A button that is known by its custom id alone, and so by any later process.

    Whatever goes wrong is told to who has pressed it, and to nobody else.
    """

    def __init__(
        self,
        label: str,
        custom_id: str,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        *,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            ui.Button(label=label, custom_id=custom_id, style=style, disabled=disabled)
        )

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """The button that a custom id names."""
        raise NotImplementedError

    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        """What it does."""
        raise NotImplementedError

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls.named(match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            await self.press(interaction, interaction.client)
