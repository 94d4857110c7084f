"""The command tree whose errors always reach the person."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.failures import tell


class FootnoteTree(app_commands.CommandTree[Any]):
    """discord.py shows a person nothing when a command fails; this tree does."""

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        await tell(interaction, error)
