"""``/privacy``: what is kept about a person, and how to have it deleted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.commands.placement import everywhere
from bot.commands.translation import command_name, described
from bot.views.personal import personally
from bot.views.privacy import forget_panel, kept_panel

if TYPE_CHECKING:
    from bot.services import Services


class PrivacyCommands(
    app_commands.Group,
    name=command_name("/privacy"),
    description=described("What I keep about you, and how to have it deleted."),
):
    """For everybody, everywhere; the answers are seen by the person alone."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        everywhere(self)
        self._store = services.store
        self._conversations = services.conversations

    @app_commands.command(
        name=command_name("/show"),
        description=described("What I keep about you, and for how long."),
    )
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            kept = await asyncio.to_thread(self._store.what_is_kept, interaction.user.id)
            view = kept_panel(
                kept,
                retention=self._store.retention,
                keeps_text=self._store.keeps_text,
                keeps_conversations=self._conversations.are_stored,
            )
            await interaction.edit_original_response(view=view)

    @app_commands.command(
        name=command_name("/forget-me"),
        description=described("Delete at once everything that I keep about you."),
    )
    async def forget_me(self, interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            await interaction.response.send_message(
                view=forget_panel(interaction.user.id), ephemeral=True
            )
