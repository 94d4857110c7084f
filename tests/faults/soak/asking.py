"""People who ask, and what becomes of their questions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.faults.soak.facts import Fact
from tests.faults.soak.processes import Shard
from tests.faults.soak.tally import SOUND, Fate, Tally
from tests.loopback import (
    Channel,
    Guild,
    Interaction,
    LoopbackDiscord,
    LoopbackError,
    LoopbackTimeoutError,
    Member,
    Message,
)

PATIENCE: Final = 60.0
"""Seconds after which a question is lost."""
_LINGERING: Final = 1.5
"""Seconds for which a second answer is looked for."""
_NUMBER: Final = re.compile(r"\b4\d{5}\b")
_NOT_FOUND: Final = "do not answer"


@dataclass(eq=False)
class Server:
    """A server, with facts that nobody else may hear of."""

    guild: Guild
    shard: Shard
    boss: Member
    people: Sequence[Member]
    channels: Sequence[Channel]
    own: Sequence[Fact]


class Crowd:
    """Everybody who asks.

    Args:
        shared: What all servers may hear.
    """

    def __init__(
        self,
        discord: LoopbackDiscord,
        servers: Sequence[Server],
        shared: Sequence[Fact],
        tally: Tally,
        random: Random,
    ) -> None:
        self._discord = discord
        self._servers = servers
        self._shared = shared
        self._tally = tally
        self._random = random

    async def ask_until(self, end: asyncio.Event) -> None:
        """Ask one question after another."""
        while not end.is_set():
            open_ = [server for server in self._servers if server.shard.is_open.is_set()]
            if open_:
                await self._ask(self._random.choice(open_))
            await asyncio.sleep(self._random.uniform(0.1, 0.8))

    async def _ask(self, server: Server) -> None:
        kind = self._random.random()
        strangers = [fact for other in self._servers if other is not server for fact in other.own]
        if kind < 0.6:
            fact = self._random.choice(self._shared)
        elif kind < 0.85:
            fact = self._random.choice(server.own)
        else:
            fact = self._random.choice(strangers)
        hidden = {number for stranger in strangers for number in stranger.ever()}
        person, channel = self._random.choice(server.people), self._random.choice(server.channels)
        clock = asyncio.get_running_loop().time
        asked = clock()
        by: Message | Interaction
        try:
            if self._random.random() < 0.5:
                text = f"{self._discord.bot.mention} {fact.question}"
                by = await self._discord.post_message(channel, person, text)
            else:
                by = await self._discord.slash(person, channel, "ask", {"question": fact.question})
        except LoopbackError:
            return  # Nobody was there to be asked.

        def shown() -> list[Message]:
            return _messages(by, channel)

        def was_killed() -> bool:
            return any(at >= asked for at in server.shard.killed_at)

        with suppress(LoopbackTimeoutError):
            await self._discord.wait_until(lambda: shown() or was_killed(), PATIENCE, "an answer")
        answered = clock()
        await asyncio.sleep(_LINGERING)
        messages = shown()
        text = "\n".join(message.text for message in messages)
        fate = _fate(
            messages,
            text,
            set() if fact in strangers else fact.numbers(asked, answered),
            fact.ever(),
            hidden,
            is_strange=fact in strangers,
            was_killed=was_killed(),
        )
        self._tally.fates[fate] += 1
        if fate is Fate.RIGHT:
            self._tally.seconds.append(answered - asked)
        if fate not in SOUND:
            self._tally.violations.append(
                f"{fate}: {fact.question} (shard {server.shard.number}, "
                f"{answered - asked:.1f} s): {text[:300]!r}"
            )
        if fate is Fate.REFUSED:
            self._tally.refusals[text.split("\n", 1)[0][:120]] += 1


def _messages(by: Message | Interaction, channel: Channel) -> list[Message]:
    """What is seen of the answer in the end."""
    if isinstance(by, Message):
        return [m for m in channel.messages.values() if m.reference is by and not m.deleted]
    seen = [by.original, *by.followups]
    return [m for m in seen if m is not None and not m.loading and not m.deleted]


def _fate(
    messages: Sequence[Message],
    text: str,
    right: set[str],
    ever: set[str],
    hidden: set[str],
    *,
    is_strange: bool,
    was_killed: bool,
) -> Fate:
    found = set(_NUMBER.findall(text))
    if found & hidden:
        return Fate.MIXED
    if len(messages) > 1:
        return Fate.DOUBLED
    if not messages:
        return Fate.CUT if was_killed else Fate.LOST
    if is_strange:
        return Fate.RIGHT
    if found & right:
        return Fate.RIGHT
    if found & ever:
        return Fate.WRONG
    if _NOT_FOUND in text or found:
        return Fate.MISSED
    return Fate.REFUSED
