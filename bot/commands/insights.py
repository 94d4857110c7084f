"""``/insights``: what is asked in a server, and what its articles lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.insights.findings import find
from bot.views.insights import USUAL_PERIOD, insights_panel, picture_of
from bot.views.personal import personally

if TYPE_CHECKING:
    from bot.services import Services


def insights_command(services: Services) -> app_commands.Command[Any, ..., None]:
    """The command; its answer is seen by the person alone."""

    @app_commands.command(
        name="insights", description="What is asked here, how well I answer, and what I lack."
    )
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def insights(interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            server = services.access.check_manager(interaction)
            await interaction.response.defer(ephemeral=True, thinking=True)
            found = await find(interaction.client, server, USUAL_PERIOD)
            files = await picture_of(found)
            view = insights_panel(found, 0, with_chart=bool(files))
            await interaction.edit_original_response(view=view, attachments=files)

    return insights
