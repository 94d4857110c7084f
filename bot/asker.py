"""Who asks, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import discord

from bot.access import server_of


@dataclass(frozen=True, slots=True)
class Asker:
    """A person in a channel.

    Attributes:
        server: Whose articles may be quoted; ``None`` where only what all servers share may be.
        channels: What the question is asked in: the channel, and that of the thread it is.
        roles: The person's, in that server.
    """

    server: int | None
    channel: int
    person: int
    channels: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()

    @classmethod
    def of_interaction(cls, interaction: discord.Interaction[Any]) -> Self:
        """Who typed a command or pressed a button."""
        return cls(
            server=server_of(interaction),
            channel=interaction.channel_id or 0,
            person=interaction.user.id,
            channels=_around(interaction.channel, interaction.channel_id),
            roles=_roles(interaction.user),
        )

    @classmethod
    def of_message(cls, message: discord.Message) -> Self:
        """Who wrote a message."""
        return cls(
            server=message.guild.id if message.guild else None,
            channel=message.channel.id,
            person=message.author.id,
            channels=_around(message.channel, message.channel.id),
            roles=_roles(message.author),
        )


def _around(channel: object, own: int | None) -> frozenset[int]:
    parent = getattr(channel, "parent_id", None)
    return frozenset(id_ for id_ in (own, parent) if id_ is not None)


def _roles(person: discord.abc.User) -> frozenset[int]:
    return frozenset(role.id for role in getattr(person, "roles", ()))
