"""``/sources``: what the bot knows."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.library import Library
from bot.views.sources import sources_page


def sources_command(library: Library) -> app_commands.Command[Any, ..., None]:
    """The command, listing the articles of ``library`` from memory."""

    @app_commands.command(name="sources", description="The articles I know and quote from.")
    async def sources(interaction: discord.Interaction[Any]) -> None:
        reply, view = sources_page(library, 0)
        await interaction.response.send_message(
            reply.content, embeds=list(reply.embeds), view=view or discord.utils.MISSING
        )

    return sources
