"""What is done in a message that one person sees alone: in their language, with errors told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.failures import telling
from bot.rendering.discord.reply import ASIDE_COLOUR
from bot.rendering.layout.answers import in_container
from bot.speaking import private_language

if TYPE_CHECKING:
    from bot.client import FootnoteClient


@asynccontextmanager
async def personally(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """Around what a command, button or menu does for one person."""
    client: FootnoteClient = interaction.client
    with client.services.catalogs.speaking(await private_language(interaction)):
        async with telling(interaction):
            with client.in_flight:
                yield


def panel(*items: ui.Item[Any]) -> ui.LayoutView:
    """A message of components; what lives in it lives by itself."""
    return in_container(list(items), ASIDE_COLOUR)
