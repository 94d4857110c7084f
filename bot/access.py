"""Whose articles somebody is answered from, and who may change which collection."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands

from bot.failures import NotAllowedError
from bot.languages import t
from bot.library import Library
from bot.store import Store

OWN: Final = "server"
SHARED: Final = "shared"
COLLECTIONS: Final = (OWN, SHARED)
"""What people choose between, as Discord is told it."""

_BY_SERVER: Final = 0
_BY_PERSON: Final = 1
"""Keys of ``authorizing_integration_owners``: by whom the bot was installed."""


def server_of(interaction: discord.Interaction[Any]) -> int | None:
    """The server whose articles may be shown in answer; ``None`` where there is none.

    Who has installed the bot for themselves can use it in servers that have not: what is asked
    there is answered as in a direct message.
    """
    guild_id = interaction.guild_id
    if guild_id is None or interaction.client.get_guild(guild_id) is None:
        return None
    return None if _is_brought_along(interaction) else guild_id


def is_at_home(interaction: discord.Interaction[Any]) -> bool:
    """Whether the bot takes part where it is used: in one of its servers, or in a direct message
    with the person. Elsewhere it sees no messages and can post only answers to interactions."""
    if interaction.guild_id is None:
        return not interaction.context.private_channel
    return server_of(interaction) is not None


def _is_brought_along(interaction: discord.Interaction[Any]) -> bool:
    # Not ``is_user_integration``, which asks whether that person has installed it who acts now:
    # others press the buttons below an answer too.
    owners = interaction._integration_owners
    return _BY_PERSON in owners and _BY_SERVER not in owners


class Access:
    """Who may do what: those who manage a server or its articles, and the operators of the bot.

    Args:
        operators: The ids of the users who may change the shared collection.
        store: Knows which roles manage a server's articles; none do where it is not given.
    """

    def __init__(
        self,
        library: Library,
        operators: frozenset[int] = frozenset(),
        store: Store | None = None,
    ) -> None:
        self._library = library
        self._operators = operators
        self._store = store

    def is_allowed(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether ``check`` would raise nothing."""
        return self.may_set_up(interaction) or self._has_manager_role(interaction)

    def may_set_up(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether ``check_manager`` would raise nothing."""
        granted = interaction.permissions
        return server_of(interaction) is not None and (
            granted.manage_guild or granted.administrator or self._is_operator(interaction)
        )

    def check_manager(self, interaction: discord.Interaction[Any]) -> int:
        """The server that somebody manages: its settings, and what is asked in it.

        Raises:
            NoPrivateMessage: It is not in a server that the bot is in.
            NotAllowedError: The person may not.
        """
        server = server_of(interaction)
        if server is None:
            raise app_commands.NoPrivateMessage
        if not self.may_set_up(interaction):
            raise NotAllowedError(
                t("Only members who may manage this server can do that."),
                remedy=t("Ask somebody who has the permission “Manage Server”."),
            )
        return server

    def check(self, interaction: discord.Interaction[Any]) -> int:
        """The server in which somebody manages articles.

        Asked each time: the default permission of a command is a hint that a server's admins can
        change, and a button stays when the one who was shown it loses a role.

        Raises:
            NoPrivateMessage: It is not in a server that the bot is in.
            NotAllowedError: The person may not.
        """
        server = server_of(interaction)
        if server is None:
            raise app_commands.NoPrivateMessage
        if not self.is_allowed(interaction):
            raise NotAllowedError(t("Only members who may manage this server can do that."))
        return server

    def to_change(self, interaction: discord.Interaction[Any], collection: str) -> int | None:
        """The collection that is to be changed, as ``Library`` names it.

        Raises:
            NoPrivateMessage, NotAllowedError: As for ``check``, or the shared one is no concern of
                this person.
        """
        server = self.check(interaction)
        if collection != SHARED:
            return server
        self._check_operator(
            interaction, t("Only those who run me can change the shared collection.")
        )
        return None

    def to_export(self, interaction: discord.Interaction[Any], collection: str) -> int | None:
        """The collection that is to be handed out whole.

        Raises:
            NoPrivateMessage, NotAllowedError: As for ``to_change``.
        """
        server = self.check(interaction)
        if collection != SHARED:
            return server
        self._check_operator(
            interaction, t("Only those who run me can export the shared collection.")
        )
        return None

    async def to_read(self, interaction: discord.Interaction[Any], collection: str) -> int | None:
        """The collection that is to be looked at.

        Raises:
            NoPrivateMessage, NotAllowedError: As for ``check``, or the server does not use the
                shared one.
        """
        server = self.check(interaction)
        if collection != SHARED:
            return server
        if not self._is_operator(interaction) and not await self._library.uses_shared(server):
            raise NotAllowedError(
                t("This server does not use the shared collection."),
                remedy=t("Switch it on with /corpus shared first."),
            )
        return None

    def may_see(self, interaction: discord.Interaction[Any], collection: str) -> bool:
        """Whether suggestions may name the articles of a collection, decided from memory."""
        server = server_of(interaction)
        if server is None or not self.is_allowed(interaction):
            return False
        return (
            collection != SHARED
            or self._is_operator(interaction)
            or self._library.shows_shared(server)
        )

    def may_change(self, interaction: discord.Interaction[Any], collection: str) -> bool:
        """Whether ``to_change`` would raise nothing."""
        return self.is_allowed(interaction) and (
            collection != SHARED or self._is_operator(interaction)
        )

    def _has_manager_role(self, interaction: discord.Interaction[Any]) -> bool:
        server = server_of(interaction)
        if server is None or self._store is None:
            return False
        roles = {role.id for role in getattr(interaction.user, "roles", ())}
        # Read when it was found out how to speak to the person. Where that could not be done in
        # time nobody's roles are known: the event loop does not wait for a database that is away.
        known = self._store.known_settings(server)
        return known is not None and bool(roles & known.manager_roles)

    def _is_operator(self, interaction: discord.Interaction[Any]) -> bool:
        return interaction.user.id in self._operators

    def _check_operator(self, interaction: discord.Interaction[Any], refusal: str) -> None:
        if not self._is_operator(interaction):
            raise NotAllowedError(
                refusal,
                why=t("Every server is answered from it."),
                remedy=t(
                    "Whoever that is can add your user id, {id}, to OPERATOR_IDS and start me "
                    "again.",
                    id=str(interaction.user.id),
                ),
            )
