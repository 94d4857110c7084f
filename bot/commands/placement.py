"""Where a command can be used.

Somebody who has installed the bot for themselves brings it along: to servers that it is not in, to
group chats and to their direct messages with others. There it has no access to anything, and
answers by the token of each interaction alone, from the articles that all servers share.
"""

from __future__ import annotations

from typing import Any, TypeVar

import discord
from discord import app_commands

Placed = TypeVar(
    "Placed",
    bound=app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group,
)


def everywhere(command: Placed) -> Placed:
    """In servers and direct messages, and wherever somebody brings the bot along."""
    command.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)
    command.allowed_contexts = app_commands.AppCommandContext(
        guild=True, dm_channel=True, private_channel=True
    )
    return command


def for_managers(command: Placed) -> Placed:
    """In servers that have installed the bot, shown to those who manage the server.

    That it is shown to them alone is a hint which a server's admins can change, so the command
    must check who uses it.
    """
    command.allowed_installs = app_commands.AppInstallationType(guild=True, user=False)
    command.allowed_contexts = app_commands.AppCommandContext(
        guild=True, dm_channel=False, private_channel=False
    )
    command.guild_only = True
    command.default_permissions = discord.Permissions(manage_guild=True)
    return command
