"""Places that the bot is not in, to which somebody brings it along who has installed it."""

from __future__ import annotations

from typing import Any, Final

import pytest
import simcord
from simcord import interactions

from tests.bot.conftest import Servers

KINDS: Final = ("a server", "a group chat", "a chat of two")
_DIRECT, _GROUP = 1, 3
_PRIVATE_CHANNEL = 2


def bring_along(
    servers: Servers, kind: str, installer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make the first server's channel such a place, from here on.

    As Discord describes interactions there: ``authorizing_integration_owners`` names who has
    installed the bot, a server is told by its id alone, and the members of a private channel are
    users.
    """
    client = servers.client
    guild = client.get_guild(servers.scene.guild.id)
    assert guild is not None
    client._connection._remove_guild(guild)
    made = interactions.base_payload

    def base_payload(*args: Any, **options: Any) -> tuple[Any, dict[str, Any]]:
        record, payload = made(*args, **options)
        payload["authorizing_integration_owners"] = {"1": str(installer)}
        if kind == "a server":
            payload["guild"] = {"id": payload["guild_id"], "locale": "en-US", "features": []}
        else:
            members = [servers.ada.user, servers.boss.user]
            payload["user"] = payload.pop("member")["user"]
            payload["context"] = _PRIVATE_CHANNEL
            payload["channel"] = {
                "id": payload["channel_id"],
                "type": _GROUP if kind == "a group chat" else _DIRECT,
                "recipients": [
                    {
                        "id": str(member.id),
                        "username": member.name,
                        "discriminator": "0",
                        "avatar": None,
                    }
                    for member in members
                ],
            }
            for key in ("guild_id", "guild_locale", "app_permissions"):
                payload.pop(key)
        return record, payload

    monkeypatch.setattr(interactions, "base_payload", base_payload)


def beyond_tokens(env: simcord.Env, since: int) -> list[str]:
    """The requests that take more than the token of an interaction."""
    return [
        f"{request.method} {request.path}"
        for request in env.http_requests[since:]
        if not request.path.startswith(("/interactions/", "/webhooks/"))
    ]
