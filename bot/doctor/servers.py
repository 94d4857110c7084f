"""The servers that the bot is in: whether it may do there what their managers have chosen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Final

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation
from bot.doctor.reading import UNREADABLE, rows
from bot.settings import Secret
from retrieval.phrases import listed

if TYPE_CHECKING:
    import discord

    from bot.store import ServerSettings

SECONDS: Final = 30.0
"""For all servers together: each takes three requests at most."""
_ALLOW: Final = (
    "In Discord, allow what is named for the bot's role: Server Settings, Roles; or in the "
    "channel's settings, Permissions."
)


async def servers(client: discord.Client, installation: Installation) -> AsyncIterator[Finding]:
    """What the bot lacks in each of its servers.

    Args:
        client: Logged in.
    """
    import aiohttp
    import discord

    chosen = _chosen(installation)
    reads_messages = installation.settings.message_content
    looked, faults, count = 0, 0, 0
    try:
        async with asyncio.timeout(SECONDS):
            guilds = [guild async for guild in client.fetch_guilds(limit=None, with_counts=False)]
            count = len(guilds)
            for guild in guilds:
                try:
                    found = await _in_server(client, guild.id, chosen.get(guild.id), reads_messages)
                except discord.HTTPException as error:
                    found = [_closed(guild, error)]
                faults += len(found)
                for finding in found:
                    yield finding
                looked += 1
    except TimeoutError:
        yield Finding(
            "permissions",
            "note",
            f"{looked} of {count} servers were looked at in {SECONDS:.0f} s.",
            "In the others, /setup shows what the bot lacks.",
        )
        return
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        yield Finding(
            "permissions",
            "note",
            f"{looked} of {count} servers were looked at before Discord failed: {error}.",
            "Try again later; /setup shows in each server what the bot lacks.",
        )
        return
    if not count:
        yield Finding(
            "permissions",
            "note",
            "The bot is in no server.",
            "footnote run shows the address by which it is invited.",
        )
    elif not faults:
        yield Finding(
            "permissions", "ok", f"Nothing is missing in the {count} server(s) of the bot."
        )


def _closed(guild: discord.Guild, error: discord.HTTPException) -> Finding:
    return Finding(
        "permissions",
        "note",
        f"{guild.name!r} could not be looked at: Discord answered with status {error.status}.",
        "Try again later; /setup shows in that server what the bot lacks.",
    )


async def _in_server(
    client: discord.Client, server: int, settings: ServerSettings | None, reads_messages: bool
) -> list[Finding]:
    from bot.views.setup.permissions import missing

    assert client.user is not None  # noqa: S101  # it is logged in
    guild = await client.fetch_guild(server, with_counts=False)
    me = await guild.fetch_member(client.user.id)
    lacking = missing(me.guild_permissions)
    found = []
    if lacking:
        found.append(
            Finding(
                "permissions",
                "warning",
                f"In {guild.name!r} the bot lacks: {listed(lacking)}.",
                _ALLOW,
            )
        )
    if settings is None or not (wanted := settings.auto_channels | settings.auto_forums):
        return found
    if not reads_messages:
        found.append(
            Finding(
                "permissions",
                "warning",
                f"{guild.name!r} has chosen channels in which every question is answered, but "
                "MESSAGE_CONTENT_INTENT is off, so only mentions are.",
                "Set MESSAGE_CONTENT_INTENT=1, and switch that intent on in the developer portal.",
            )
        )
    channels = {channel.id: channel for channel in await guild.fetch_channels()}
    for each in sorted(wanted):
        channel = channels.get(each)
        if channel is None:
            found.append(
                Finding(
                    "permissions",
                    "warning",
                    f"A channel that {guild.name!r} has chosen is gone ({each}).",
                    "Choose again with /setup.",
                )
            )
            continue
        there = missing(channel.permissions_for(me))
        if there and there != lacking:
            found.append(
                Finding(
                    "permissions",
                    "warning",
                    f"In #{channel.name} of {guild.name!r} the bot lacks: {listed(there)}.",
                    _ALLOW,
                )
            )
    return found


def _chosen(installation: Installation) -> Mapping[int, ServerSettings]:
    """What the managers of each server have chosen, as far as it can be read."""
    from bot.store.connection import NAME as FILE
    from bot.store.server_settings import from_json

    query = "SELECT server, settings FROM servers WHERE settings IS NOT NULL"
    url = installation.settings.database_url
    if url is not None:
        return _chosen_there(url, query)
    try:
        return {
            int(server): from_json(stored)
            for server, stored in rows(installation.folder / FILE, query)
        }
    except UNREADABLE:
        return {}  # The check of the database says what is wrong.


def _chosen_there(url: Secret, query: str) -> Mapping[int, ServerSettings]:
    """The same in PostgreSQL."""
    from bot.store.database import EVERYWHERE
    from bot.store.postgres.people import SCOPE
    from bot.store.server_settings import from_json
    from retrieval.postgres.addresses import Address
    from retrieval.postgres.errors import ERRORS
    from retrieval.postgres.text import unescaped

    try:
        with Address(url.reveal(), "FOOTNOTE_DATABASE_URL", writes=False).connect() as connection:
            connection.execute("SELECT set_config(%s, %s, false)", [SCOPE, EVERYWHERE])
            found = connection.execute(query).fetchall()
    except ERRORS:
        return {}  # The check of the database says what is wrong.
    return {int(server): from_json(unescaped(stored)) for server, stored in found}
