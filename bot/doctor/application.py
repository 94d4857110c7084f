"""What Discord says: of the token, the time, the application, and the servers it is in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from bot.doctor.finding import Finding, of_error
from bot.doctor.installation import Installation
from bot.doctor.token import has_shape
from bot.settings import Secret

if TYPE_CHECKING:
    import aiohttp
    import discord

LOGIN: Final = 15.0
"""Seconds for Discord's first answers."""
_OFF: Final = timedelta(seconds=5)
_NOT_CHECKED: Final = (
    "Not checked: whether Discord accepts the token, the clock, the intents and the permissions."
)


@dataclass(slots=True)
class Clocks:
    """How far the clock here is ahead of Discord's, from the answer that came the fastest."""

    ahead: timedelta | None = None
    took: timedelta = field(default=timedelta.max)

    def hear(self, asked: datetime, answered: datetime, date: str) -> None:
        """Take note of an answer.

        Args:
            date: Its header ``Date``, which has whole seconds.
        """
        took = answered - asked
        if took >= self.took:
            return
        try:
            theirs = parsedate_to_datetime(date) + timedelta(seconds=0.5)
        except ValueError:
            return
        self.took = took
        self.ahead = asked + took / 2 - theirs


def check_discord(installation: Installation) -> Iterator[Finding]:
    """Whether Discord accepts the bot as it is set up. Nothing is asked without a token."""
    token = installation.settings.discord_token
    if token is None:
        return
    if not has_shape(token.reveal()):
        # It may be another secret, which is none of Discord's business.
        yield Finding("discord", "note", _NOT_CHECKED, "Correct DISCORD_TOKEN first.")
        return
    yield from asyncio.run(_asked(installation, token))


async def _asked(installation: Installation, token: Secret) -> list[Finding]:
    import discord

    from bot.connection import ConnectionFailedError, log_in, point_at
    from bot.doctor.servers import servers

    settings = installation.settings
    point_at(settings)
    # discord.py would warn that voice, which nothing here uses, is not supported.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    clocks = Clocks()
    found: list[Finding] = []
    client = discord.Client(
        intents=discord.Intents(guilds=True),
        max_messages=None,
        http_trace=_listening(clocks, installation),
    )
    async with client:
        try:
            async with asyncio.timeout(LOGIN):
                await log_in(client, token)
        except ConnectionFailedError as error:
            found.append(_refused(error, error.__cause__))
        except TimeoutError:
            found.append(
                Finding(
                    "discord",
                    "note",
                    f"{_NOT_CHECKED} It did not answer within {LOGIN:.0f} s.",
                    "Check the network, and https://discordstatus.com.",
                )
            )
        else:
            found.append(Finding("discord", "ok", f"Discord knows the bot as {client.user}."))
            found.append(_intents(client, wanted=settings.message_content))
            found += [finding async for finding in servers(client, installation)]
    return [*found, *_of_clock(clocks)]


def _listening(clocks: Clocks, installation: Installation) -> aiohttp.TraceConfig:
    """Tells when each request was answered, and what time it was at Discord's."""
    import aiohttp

    async def start(session: Any, context: SimpleNamespace, about: Any) -> None:
        context.asked = installation.clock()

    async def end(
        session: Any, context: SimpleNamespace, about: aiohttp.TraceRequestEndParams
    ) -> None:
        date = about.response.headers.get("Date", "")
        clocks.hear(context.asked, installation.clock(), date)

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(start)
    trace.on_request_end.append(end)
    return trace


def _refused(error: Any, cause: BaseException | None) -> Finding:
    import discord

    if isinstance(cause, discord.LoginFailure):
        return of_error("discord", error)
    if isinstance(cause, discord.HTTPException):
        return of_error("discord", error, "warning")
    finding = of_error("discord", error)
    return Finding("discord", "note", f"{_NOT_CHECKED} {finding.message}", finding.remedy)


def _intents(client: discord.Client, *, wanted: bool) -> Finding:
    if not wanted:
        return Finding("intents", "ok", "No privileged intent is asked for.")
    flags = client.application_flags
    if flags.gateway_message_content or flags.gateway_message_content_limited:
        return Finding("intents", "ok", "The message-content intent is granted.")
    return Finding(
        "intents",
        "error",
        "MESSAGE_CONTENT_INTENT is on, but the application was not granted that intent, so "
        "Discord refuses the connection.",
        "Switch on Message Content Intent at https://discord.com/developers/applications > your "
        "application > Bot, or set MESSAGE_CONTENT_INTENT=0.",
    )


def _of_clock(clocks: Clocks) -> Iterator[Finding]:
    if clocks.ahead is None:
        return
    # How long the way there took and how long the way back is not known.
    if abs(clocks.ahead) <= _OFF + clocks.took / 2:
        yield Finding("clock", "ok", "The clock agrees with Discord's.")
        return
    seconds = abs(clocks.ahead).total_seconds()
    where = "ahead of" if clocks.ahead > timedelta() else "behind"
    yield Finding(
        "clock",
        "error",
        f"The clock is {seconds:,.0f} s {where} Discord's. Commands and buttons expire by the "
        "clock, so that answers to them may fail.",
        "Have the system set its clock: timedatectl set-ntp true, or the host's in a container.",
    )
