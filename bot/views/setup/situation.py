"""What a setup panel shows: a server as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import discord

from bot.store import ServerSettings

Section = Literal["channels", "answers", "managers", "limits", "ignored", "permissions"]
ChannelList = Literal["auto_channels", "auto_forums", "ignored_channels"]
RoleList = Literal["manager_roles", "ignored_roles"]


@dataclass(frozen=True, slots=True)
class Situation:
    """A server, what its managers have chosen, and where they are.

    Attributes:
        channel: Where the panel is shown; ``None`` where the bot does not know it.
        granted: What the bot may do there.
        uses_shared: Whether its members are answered from the shared collection too.
        reads_messages: Whether Discord shows the bot messages that do not address it.
    """

    guild: discord.Guild
    channel: discord.abc.GuildChannel | discord.Thread | None
    granted: discord.Permissions
    settings: ServerSettings
    uses_shared: bool
    reads_messages: bool

    def channels(self, ids: Iterable[int]) -> Iterator[discord.abc.GuildChannel | discord.Thread]:
        """Those of the channels that are there."""
        for each in sorted(ids):
            channel = self.guild.get_channel_or_thread(each)
            if channel is not None:
                yield channel

    def roles(self, ids: Iterable[int]) -> Iterator[discord.Role]:
        """Those of the roles that are there."""
        for each in sorted(ids):
            role = self.guild.get_role(each)
            if role is not None:
                yield role
