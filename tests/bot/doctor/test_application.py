"""What Discord says, on a loopback one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from discord.http import Route

from bot.doctor.application import check_discord
from bot.doctor.finding import Finding
from bot.doctor.installation import Installation
from bot.store import ServerSettings
from tests.bot.doctor.conftest import House, only, store_in
from tests.bot.doctor.tokens import TOKEN
from tests.loopback import Guild, LoopbackDiscord

SEND_MESSAGES, READ_HISTORY = 1 << 11, 1 << 16


@pytest.fixture(autouse=True)
def discord_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py keeps the address on its class."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)


@pytest.fixture
async def loopback() -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord(TOKEN) as running:
        yield running


async def asked(
    house: House,
    loopback: LoopbackDiscord,
    change: Callable[[Installation], Installation] = lambda installation: installation,
    **settings: str,
) -> list[Finding]:
    """What is found, while the loopback serves."""
    settings = {"DISCORD_TOKEN": TOKEN, "DISCORD_API_URL": loopback.api_url, **settings}
    installation = change(house.installation(**settings))
    found = await asyncio.to_thread(lambda: list(check_discord(installation)))
    assert TOKEN not in str(found)
    assert not loopback.unknown_requests
    return found


def of(found: list[Finding], name: str) -> Finding:
    (finding,) = [one for one in found if one.name == name]
    return finding


def choose(house: House, guild: Guild, settings: ServerSettings) -> None:
    store = store_in(house.data)
    store.save_settings(guild.id, settings)
    store.close()


async def test_a_bot_in_order_is_all_right_and_is_only_asked_about(
    house: House, loopback: LoopbackDiscord
) -> None:
    guild = loopback.add_guild()
    channel = guild.add_text_channel()
    choose(house, guild, ServerSettings(auto_channels=frozenset({channel.id})))
    found = await asked(house, loopback, MESSAGE_CONTENT_INTENT="1")
    assert {one.name: one.severity for one in found} == dict.fromkeys(
        ("discord", "intents", "permissions", "clock"), "ok"
    )
    assert {request.method for request in loopback.requests} == {"GET"}


async def test_a_refused_token_is_named_with_its_remedy_and_the_clock_is_known_all_the_same(
    house: House, loopback: LoopbackDiscord
) -> None:
    found = await asked(house, loopback, DISCORD_TOKEN=TOKEN[:-3] + "me2")
    finding = only(found)
    assert (finding.name, finding.severity) == ("discord", "error")
    assert "refused the token" in finding.message
    assert "DISCORD_TOKEN" in finding.remedy
    assert of(found, "clock").severity == "ok"


async def test_what_is_no_token_is_not_sent(house: House, loopback: LoopbackDiscord) -> None:
    (finding,) = await asked(house, loopback, DISCORD_TOKEN="my-other-password")
    assert finding.severity == "note"
    assert "Not checked" in finding.message
    assert not loopback.requests


async def test_without_a_network_it_is_said_what_was_not_checked(house: House) -> None:
    async with LoopbackDiscord(TOKEN) as loopback:
        pass  # Nobody listens at its address any more.
    (finding,) = await asked(house, loopback)
    assert (finding.name, finding.severity) == ("discord", "note")
    assert "Not checked: whether Discord accepts the token" in finding.message
    assert "network" in finding.remedy


async def test_a_discord_that_does_not_answer_is_not_waited_for(
    house: House, loopback: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.application.LOGIN", 0.2)
    loopback.fail_next("GET", "/users/@me", status=502, times=100)
    found = await asked(house, loopback)
    assert of(found, "discord").severity == "note"
    assert "did not answer" in of(found, "discord").message


async def test_an_intent_that_was_not_granted_is_named_with_its_remedy(house: House) -> None:
    async with LoopbackDiscord(TOKEN, privileged_intents=0) as loopback:
        loopback.add_guild()
        finding = only(await asked(house, loopback, MESSAGE_CONTENT_INTENT="1"))
        assert (finding.name, finding.severity) == ("intents", "error")
        assert "MESSAGE_CONTENT_INTENT" in finding.message
        assert "developers/applications" in finding.remedy
        assert of(await asked(house, loopback), "intents").severity == "ok"


@pytest.mark.parametrize(("seconds", "where"), [(90, "s ahead of"), (-40, "s behind")])
async def test_a_wrong_clock_is_named_with_its_remedy(
    house: House, loopback: LoopbackDiscord, seconds: int, where: str
) -> None:
    loopback.add_guild()
    off = timedelta(seconds=seconds)

    def wrong(installation: Installation) -> Installation:
        return replace(installation, clock=lambda: datetime.now(UTC) + off)

    finding = only(await asked(house, loopback, wrong))
    assert (finding.name, finding.severity) == ("clock", "error")
    # The header has whole seconds.
    assert abs(int(finding.message.split()[3]) - abs(seconds)) <= 1
    assert f"{where} Discord's" in finding.message
    assert "timedatectl" in finding.remedy


async def test_a_permission_that_the_bot_lacks_is_named_with_the_server(
    house: House, loopback: LoopbackDiscord
) -> None:
    loopback.add_guild("in order")
    poor = loopback.add_guild("poor")
    poor.everyone.permissions &= ~SEND_MESSAGES
    finding = only(await asked(house, loopback))
    assert (finding.name, finding.severity) == ("permissions", "warning")
    assert finding.message == "In 'poor' the bot lacks: Send Messages."
    assert "Server Settings, Roles" in finding.remedy


async def test_a_channel_that_setup_has_switched_on_is_looked_at(
    house: House, loopback: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild = loopback.add_guild()
    channel = guild.add_text_channel("help")
    gone = channel.id + 1
    choose(house, guild, ServerSettings(auto_channels=frozenset({channel.id, gone})))
    denied = {"id": str(guild.id), "type": 0, "allow": "0", "deny": str(READ_HISTORY)}
    payload = {**channel.payload(), "permission_overwrites": [denied]}
    monkeypatch.setattr(channel, "payload", lambda: payload)
    found = await asked(house, loopback)
    warned = [one for one in found if one.severity == "warning"]
    assert {one.name for one in warned} == {"permissions"}
    without_mention, lacking, missed = (one.message for one in warned)
    assert "MESSAGE_CONTENT_INTENT is off" in without_mention
    assert lacking == "In #help of 'guild' the bot lacks: Read Message History."
    assert f"is gone ({gone})" in missed
    assert all(one.remedy for one in warned)


async def test_a_bot_in_no_server_can_be_invited(house: House, loopback: LoopbackDiscord) -> None:
    finding = of(await asked(house, loopback), "permissions")
    assert finding.severity == "note"
    assert "invited" in finding.remedy


async def test_a_server_that_cannot_be_looked_at_keeps_nobody_from_the_others(
    house: House, loopback: LoopbackDiscord
) -> None:
    loopback.add_guild("closed")
    loopback.add_guild("poor").everyone.permissions = 0
    loopback.fail_next("GET", r"/guilds/\d+/members", status=403, times=1)
    closed, poor = [one for one in await asked(house, loopback) if one.name == "permissions"]
    assert (closed.severity, poor.severity) == ("note", "warning")
    assert "'closed' could not be looked at: Discord answered with status 403" in closed.message
    assert "View Channel, Send Messages" in poor.message


async def test_a_discord_that_falls_silent_half_way_is_not_waited_for(
    house: House, loopback: LoopbackDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.servers.SECONDS", 0.2)
    loopback.add_guild()
    loopback.fail_next("GET", r"/guilds/\d+/members", status=502, times=100)
    finding = of(await asked(house, loopback), "permissions")
    assert finding.severity == "note"
    assert "0 of 1 servers were looked at" in finding.message
