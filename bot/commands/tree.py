"""The command tree whose errors always reach the person."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.failures import tell
from bot.observability.requests import request_id
from bot.speaking import speak_privately


class FootnoteTree(app_commands.CommandTree[Any]):
    """discord.py shows a person nothing when a command fails; this tree does.

    Every command, menu and suggestion speaks the language of the person.
    """

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Asked by discord.py before anything else, in the task that the command runs in."""
        request_id()
        await speak_privately(interaction)
        return True

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        await tell(interaction, error)
