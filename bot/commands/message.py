"""“Add to corpus” in the menu of a message: its words, and what is attached to it, as articles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import discord
from discord import app_commands

from bot.access import OWN, Access
from bot.changing import carry_out, one_by_one
from bot.commands.additions import article_of, readable_attachments, upload_of
from bot.commands.placement import for_managers
from bot.commands.translation import menu_name
from bot.inflight import InFlight
from bot.languages import t
from bot.library import Library
from bot.progress import Progress
from bot.views.changes import undo_of_addition
from retrieval import readers
from retrieval.corpus import Report
from retrieval.errors import CorpusError
from retrieval.limits import Limits


def add_message_command(
    library: Library, in_flight: InFlight, access: Access, limits: Limits
) -> app_commands.ContextMenu:
    """The menu's entry, adding to the collection of the server that it is used in."""

    async def add(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        server = access.to_change(interaction, OWN)
        text = article_of(message, getattr(interaction.channel, "name", None))
        attachments = readable_attachments(message)
        if text is None and not attachments:
            raise CorpusError(
                t("That message has neither words nor a file that I can read."),
                why=t("I read these: {formats}.", formats=readers.known_formats()),
            )
        await interaction.response.defer(thinking=True, ephemeral=True)

        async def attached(attachment: discord.Attachment, progress: Progress) -> Report:
            return await library.add(await upload_of(attachment, limits), progress, server)

        async def change(progress: Progress) -> Report:
            changes: list[tuple[str, Callable[[], Awaitable[Report]]]] = []
            if text is not None:
                changes.append((text.name, partial(library.add, text, progress, server)))
            for attachment in attachments:
                changes.append((attachment.filename, partial(attached, attachment, progress)))
            return await one_by_one(changes)

        await carry_out(
            interaction,
            in_flight,
            change,
            t("The articles are added."),
            lambda report: undo_of_addition(report, OWN, server),
        )

    return for_managers(app_commands.ContextMenu(name=menu_name("Add to corpus"), callback=add))
