"""``/setup``: how the bot answers in a server, chosen by those who manage it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.commands.placement import for_managers
from bot.commands.translation import command_name, described
from bot.views.personal import personally
from bot.views.setup import setup_panel, situation_of

if TYPE_CHECKING:
    from bot.services import Services


def setup_command(services: Services) -> app_commands.Command[Any, ..., None]:
    """The command; its panel is seen by the person alone."""

    @for_managers
    @app_commands.command(
        name=command_name("/setup"),
        description=described("Choose where, how and whom I answer in this server."),
    )
    async def setup(interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            server = services.access.check_manager(interaction)
            await interaction.response.defer(ephemeral=True, thinking=True)
            situation = await situation_of(interaction, server)
            await interaction.edit_original_response(view=setup_panel(situation, "channels"))

    return setup
