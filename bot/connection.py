"""Reach Discord, or say in one line why not."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.delivery import deliver_surely
from bot.settings import Secret, Settings
from retrieval.errors import FootnoteError

_WRONG_TOKEN: Final = 4004


class ConnectionFailedError(FootnoteError):
    """Discord cannot be reached, or refuses the bot."""


def point_at(settings: Settings) -> None:
    """Send discord.py to the addresses in the settings: it keeps them on its classes."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)


async def log_in(client: discord.Client, token: Secret) -> None:
    """Log in, which also registers the commands.

    Raises:
        ConnectionFailedError: With what to do about it; the token is never part of it.
    """
    try:
        await client.login(token.reveal())
    except discord.LoginFailure as error:
        raise _refused_token() from error
    except discord.HTTPException as error:
        raise ConnectionFailedError(
            f"Discord answered the login with status {error.status}.",
            remedy="See https://discordstatus.com, and try again later.",
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectionFailedError(
            f"Discord cannot be reached at {urlsplit(Route.BASE).netloc}.",
            why=f"The system says: {error}.",
            remedy="Check the network, and DISCORD_API_URL if you set it.",
        ) from error


async def stay_connected(client: discord.Client) -> None:
    """Listen to the gateway, reconnecting as needed, until the client is closed.

    Raises:
        ConnectionFailedError: Discord ended the connection for good.
    """
    # Not before the login: who starts the bot without a network is told so at once.
    deliver_surely(client)
    try:
        await client.connect()
    except discord.PrivilegedIntentsRequired as error:
        raise ConnectionFailedError(
            "Discord does not let the bot read messages.",
            why="MESSAGE_CONTENT_INTENT is set, but the intent is not switched on for the "
            "application.",
            remedy='Switch on "Message Content Intent" at '
            "https://discord.com/developers/applications > your application > Bot, or set "
            "MESSAGE_CONTENT_INTENT=0.",
        ) from error
    except discord.ConnectionClosed as error:
        if error.code == _WRONG_TOKEN:
            raise _refused_token() from error
        raise ConnectionFailedError(
            f"Discord ended the connection with code {error.code}.",
            remedy="Look the code up under https://discord.com/developers/docs/topics/opcodes-and-status-codes.",
        ) from error


def _refused_token() -> ConnectionFailedError:
    return ConnectionFailedError(
        "Discord refused the token.",
        remedy="Copy it again from https://discord.com/developers/applications, under Bot, into "
        "DISCORD_TOKEN.",
    )
