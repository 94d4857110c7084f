"""What a person is told when something goes wrong: always something, and always plainly."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.languages import said, t
from bot.observability.requests import request_id
from bot.rendering.discord.reply import CONTENT
from bot.rendering.sanitize import inline
from retrieval.errors import FootnoteError, UnknownArticleError

log = logging.getLogger(__name__)

UNDELIVERABLE = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What sending raises when Discord does not take a message."""


class NotAllowedError(FootnoteError, app_commands.CheckFailure):
    """The person may not do that."""


def explain(error: BaseException) -> str:
    """An error in a sentence or two for the person who met it.

    An error that nobody foresaw is logged with a reference, which the person is told: the id of the
    request, by which its other lines in the log are found.
    """
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, FootnoteError):
        parts = map(said, (error.what, error.why, _remedy(error)))
        return " ".join(inline(part, CONTENT // 3 - 2) for part in parts if part)
    if isinstance(error, app_commands.NoPrivateMessage):
        return t("That works in servers only.")
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return t("That command has changed. Wait a minute or restart Discord, then try again.")
    reference = request_id()
    log.error("Unforeseen error, reference %s", reference, exc_info=error)
    return t(
        "Sorry, something went wrong on my side. If it happens again, tell whoever runs me "
        "this reference: `{reference}`",
        reference=reference,
    )


def _remedy(error: FootnoteError) -> str:
    if isinstance(error, UnknownArticleError) and not error.near:
        # Its own words name a command of the terminal.
        return t("/sources and /corpus list show the articles.")
    return error.remedy


async def tell(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Explain an error to the person who pressed or typed, whatever was answered before."""
    text = explain(error)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except UNDELIVERABLE as undeliverable:
        log.warning("An error could not be told to anyone: %s", undeliverable)


async def tell_author(message: discord.Message, error: BaseException) -> None:
    """Explain an error in reply to a message."""
    text = explain(error)
    try:
        await message.channel.send(text, reference=message.to_reference(fail_if_not_exists=False))
    except UNDELIVERABLE as undeliverable:
        log.warning("An error could not be told to anyone: %s", undeliverable)


@asynccontextmanager
async def telling(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """Around what a button does: discord.py tells nobody of its errors."""
    request_id()
    try:
        yield
    except Exception as error:
        await tell(interaction, error)
