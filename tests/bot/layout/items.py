"""Buttons for tests: ones that live by themselves, as the bot's own do."""

from __future__ import annotations

from typing import Any

import discord
from discord import ui

from bot.rendering.layout import Buttons


class Press(ui.DynamicItem[ui.Button[Any]], template=r"press:(?P<name>.+)"):
    """A button that is known by its custom id alone."""

    def __init__(self, name: str) -> None:
        super().__init__(ui.Button(label=name, custom_id=f"press:{name}"))


def every_button() -> Buttons:
    return Buttons(
        context=lambda index: Press(f"context {index}"),
        more=lambda: Press("more"),
        follow_up=lambda: Press("follow up"),
        helpful=lambda: Press("👍"),
        unhelpful=lambda: Press("👎"),
        share=lambda: Press("share"),
        tell=lambda: Press("tell"),
        delete=lambda: ui.Button(
            label="delete", style=discord.ButtonStyle.danger, custom_id="delete"
        ),
    )
