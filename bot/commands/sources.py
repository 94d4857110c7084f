"""``/sources``: what the bot knows."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.access import server_of
from bot.commands.placement import everywhere
from bot.commands.translation import command_name, described
from bot.library import Library
from bot.speaking import speak_publicly
from bot.views.sources import sources_page


def sources_command(library: Library) -> app_commands.Command[Any, ..., None]:
    """The command, listing the articles of ``library`` that are quoted where it is used."""

    @everywhere
    @app_commands.command(
        name=command_name("/sources"), description=described("The articles I know and quote from.")
    )
    async def sources(interaction: discord.Interaction[Any]) -> None:
        # A server's articles may have to be opened first.
        await interaction.response.defer(thinking=True)
        await speak_publicly(interaction)
        reply, view = await sources_page(library, 0, server_of(interaction))
        await interaction.edit_original_response(
            content=reply.content, embeds=list(reply.embeds), view=view
        )

    return sources
