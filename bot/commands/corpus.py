"""``/corpus``: for those who manage the server, reload the articles and see how they are."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands

from bot.commands.progress import Progress, shown_while
from bot.failures import NotAllowedError, explain
from bot.inflight import InFlight
from bot.library import Library
from bot.rendering.discord import Reply, render_progress, render_report, render_status
from retrieval.errors import FootnoteError

log = logging.getLogger(__name__)


class CorpusCommands(
    app_commands.Group,
    name="corpus",
    description="Reload the articles, and see how they are.",
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """The commands; all answers are seen by the person alone, as they may name files."""

    def __init__(self, library: Library, in_flight: InFlight) -> None:
        super().__init__()
        self._library = library
        self._in_flight = in_flight

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Runs before each of the commands: the default permission is a hint that a server's
        admins can change."""
        if interaction.guild_id is None:
            raise app_commands.NoPrivateMessage
        granted = interaction.permissions
        if not (granted.manage_guild or granted.administrator):
            raise NotAllowedError("Only members who may manage this server can do that.")
        return True

    @app_commands.command(description="Read the articles again; I keep answering meanwhile.")
    async def reload(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)

        async def show(reply: Reply) -> None:
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds)
            )

        with self._in_flight:
            progress = Progress()
            try:
                report = await shown_while(
                    self._library.reload(progress),
                    progress,
                    lambda done, total: show(render_progress(done, total)),
                )
            except FootnoteError as error:
                # In place of the progress, which would otherwise seem to go on for ever.
                result = Reply(explain(error))
            else:
                log.info("Reloaded: %d changes, %d encoded", len(report.changes), report.encoded)
                result = render_report(report)
            try:
                await show(result)
            except discord.HTTPException:
                # An interaction can be answered for 15 minutes; a large corpus takes longer.
                await interaction.user.send(result.content)

    @app_commands.command(description="How many articles there are, and whether any failed.")
    async def status(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)
        with self._in_flight:
            reply = render_status(await self._library.status())
            await interaction.followup.send(reply.content, embeds=list(reply.embeds))
