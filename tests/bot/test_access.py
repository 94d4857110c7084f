"""Whether somebody may change articles is decided without waiting for a database."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.access import Access
from bot.library import Library
from bot.store import ServerSettings, Store

SERVER, ROLE = 5, 7


class Known(Store):
    """Knows settings or does not, and cannot be asked for them."""

    def __init__(self, settings: ServerSettings | None) -> None:
        self._known = settings

    def known_settings(self, server: int | None) -> ServerSettings | None:
        assert server == SERVER
        return self._known

    def settings(self, server: int | None) -> ServerSettings:
        raise AssertionError("that waits for the database")


@pytest.mark.parametrize(
    ("known", "is_allowed"),
    [
        (None, False),
        (ServerSettings(), False),
        (ServerSettings(manager_roles=frozenset({ROLE})), True),
    ],
)
def test_only_roles_that_are_known_to_manage_a_server_do(
    library: Library, known: ServerSettings | None, is_allowed: bool
) -> None:
    interaction = SimpleNamespace(
        guild_id=SERVER,
        client=SimpleNamespace(get_guild=lambda server: object()),
        _integration_owners={},
        permissions=discord.Permissions.none(),
        user=SimpleNamespace(id=1, roles=[SimpleNamespace(id=ROLE)]),
    )
    access = Access(library, store=Known(known))
    assert access.is_allowed(cast("discord.Interaction[Any]", interaction)) == is_allowed
