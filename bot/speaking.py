"""Who is spoken to in which language.

- What one person sees alone is in the language of their Discord.
- What everybody sees is in the language that the server has chosen with ``/setup``; where it has
  chosen none, in that of the person who is answered. Who writes a message does not tell theirs:
  they are answered in the language of the server's community, and in a direct channel in that of
  their Discord, as far as something they did before has told it.
- Discord itself cannot be set to some of the languages that a server can choose, such as Arabic.
  Members of such a server are spoken to in it in private too: they have no other way to ask for it.
- Where the first is none that the bot speaks, the next one counts: a person's, the server's choice,
  its community's, English.

discord.py runs what a command, button or message leads to in a task of its own, so that what is set
there holds for all of it, with what it starts in threads, and for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import discord

from bot.access import server_of
from bot.languages import language_for

if TYPE_CHECKING:
    from bot.client import FootnoteClient

_SETTINGS_TAKE: Final = 0.5
"""Seconds for which a server's choice is waited for: an acknowledgement is due."""

_DISCORDS_OWN: Final = frozenset(language_for(locale.value) for locale in discord.Locale)
"""The bot's languages that Discord can be set to."""


async def private_language(interaction: discord.Interaction[Any]) -> str:
    """The language of what only the person sees who typed or pressed."""
    client: FootnoteClient = interaction.client
    client.services.locales.note(interaction.user.id, str(interaction.locale))
    chosen = await _chosen(client, server_of(interaction))
    if chosen is not None and chosen not in _DISCORDS_OWN:
        return chosen
    return language_for(str(interaction.locale), chosen, _community(interaction))


async def public_language(interaction: discord.Interaction[Any]) -> str:
    """The language of what everybody sees of the answer."""
    chosen = await _chosen(interaction.client, server_of(interaction))
    return language_for(chosen, str(interaction.locale), _community(interaction))


async def message_language(client: FootnoteClient, message: discord.Message) -> str:
    """The language of what is answered to a message."""
    if message.guild is None:
        return language_for(client.services.locales.of(message.author.id))
    chosen = await _chosen(client, message.guild.id)
    return language_for(chosen, str(message.guild.preferred_locale))


async def speak_privately(interaction: discord.Interaction[Any]) -> None:
    """Speak the language of the person, until something else is said."""
    client: FootnoteClient = interaction.client
    client.services.catalogs.speak(await private_language(interaction))


async def speak_publicly(interaction: discord.Interaction[Any]) -> None:
    """Speak the language of what everybody sees, until something else is said."""
    client: FootnoteClient = interaction.client
    client.services.catalogs.speak(await public_language(interaction))


async def _chosen(client: FootnoteClient, server: int | None) -> str | None:
    if server is None:
        return None
    settings = await client.admission.settings(server, within=_SETTINGS_TAKE)
    return settings.language


def _community(interaction: discord.Interaction[Any]) -> str | None:
    return str(interaction.guild_locale) if interaction.guild_locale else None
