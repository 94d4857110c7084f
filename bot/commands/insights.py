"""``/insights``: what is asked in a server, and what its articles lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.commands.placement import for_managers
from bot.commands.translation import command_name, described
from bot.insights.findings import find
from bot.views.insights import USUAL_PERIOD, insights_panel, picture_of
from bot.views.personal import personally

if TYPE_CHECKING:
    from bot.services import Services


def insights_command(services: Services) -> app_commands.Command[Any, ..., None]:
    """The command; its answer is seen by the person alone."""

    @for_managers
    @app_commands.command(
        name=command_name("/insights"),
        description=described("What is asked here, how well I answer, and what I lack."),
    )
    async def insights(interaction: discord.Interaction[Any]) -> None:
        async with personally(interaction):
            server = services.access.check_manager(interaction)
            await interaction.response.defer(ephemeral=True, thinking=True)
            found = await find(interaction.client, server, USUAL_PERIOD)
            files = await picture_of(found)
            view = insights_panel(found, 0, with_chart=bool(files))
            await interaction.edit_original_response(view=view, attachments=files)

    return insights
