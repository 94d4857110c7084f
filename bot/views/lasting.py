"""Buttons and menus that outlive a restart: what all of them have in common."""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

import discord
from discord import ui

from bot.views.personal import personally

if TYPE_CHECKING:
    from bot.client import FootnoteClient

ID: Final = r"\d{1,20}"
"""Of a person in Discord, or of a question in the store."""

Item = TypeVar("Item", bound=ui.Item[Any])


class LastingItem(ui.DynamicItem[Item], template="footnote:nothing"):
    """What is known by its custom id alone, and so by any later process.

    Whatever goes wrong is told to who has pressed it, and to nobody else.
    """

    @classmethod
    def named(cls, match: re.Match[str]) -> Self:
        """The item that a custom id names; one without parameters needs none."""
        return cls()  # type: ignore[call-arg]

    @abstractmethod
    async def press(self, interaction: discord.Interaction[Any], client: FootnoteClient) -> None:
        """What it does."""

    @classmethod
    def again(cls, custom_id: str) -> Self | None:
        """The item of that custom id; ``None`` where it is of another kind."""
        match = cls.__discord_ui_compiled_template__.fullmatch(custom_id)
        return cls.named(match) if match else None

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


class LastingButton(LastingItem[ui.Button[Any]], template="footnote:no-button"):
    """A button."""

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


def chosen(interaction: discord.Interaction[Any]) -> list[str]:
    """What somebody has chosen in a menu, as Discord says it: values, or ids."""
    data = cast(dict[str, Any], interaction.data or {})
    return [str(value) for value in data.get("values", ())]


def view_of(*items: ui.Item[Any]) -> ui.View:
    """Buttons below an ordinary message. It waits for nothing: they live by themselves."""
    view = ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
