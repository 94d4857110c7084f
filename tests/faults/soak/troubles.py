"""What is done to the articles, the processes and the servers while people ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.soak.asking import Server
from tests.faults.soak.database import Pair
from tests.faults.soak.facts import Fact, Numbers
from tests.faults.soak.processes import Shard
from tests.faults.soak.tally import Tally
from tests.loopback import LoopbackDiscord, LoopbackError, LoopbackTimeoutError
from tests.loopback.commands import OptionValue

_PATIENCE: Final = 60.0
_PAUSE: Final = (2.0, 8.0)
"""Seconds between two troubles."""
_ATTEMPTS: Final = 8
SHARED: Final = "ferries.txt"
OWN: Final = "harbour.txt"
_DONE: Final = ("Added:", "Changed:", "Nothing has changed")


def write(file: Path, facts: Sequence[Fact]) -> None:
    """Let a file say what is to be true, all at once."""
    unfinished = file.with_suffix(".tmp")
    unfinished.write_bytes(content(facts))
    unfinished.replace(file)


def content(facts: Sequence[Fact]) -> bytes:
    """The article of some facts."""
    return "\n\n".join(fact.text for fact in facts).encode()


class Troubles:
    """One after the other, each as often as the others.

    Args:
        file: Where the shared facts are read from.
    """

    def __init__(
        self,
        discord: LoopbackDiscord,
        shards: Sequence[Shard],
        servers: Sequence[Server],
        shared: Sequence[Fact],
        file: Path,
        pair: Pair,
        numbers: Numbers,
        tally: Tally,
        random: Random,
    ) -> None:
        self._discord = discord
        self._shards = shards
        self._servers = servers
        self._shared = shared
        self._file = file
        self._pair = pair
        self._numbers = numbers
        self._tally = tally
        self._random = random

    async def make_until(self, end: asyncio.Event) -> None:
        """Make trouble."""
        kinds: Sequence[tuple[str, Callable[[], Awaitable[object]]]] = (
            ("reload", self.reload),
            ("article replaced", self.replace),
            ("process killed", self.kill),
            ("reload", self.reload),
            ("connections to PostgreSQL cut", lambda: asyncio.to_thread(self._pair.cut)),
            ("article replaced", self.replace),
            ("process stopped by SIGTERM", self.stop),
            ("gateway cut", self._discord.cut_gateway),
            ("reload", self.reload),
            ("PostgreSQL restarted", lambda: asyncio.to_thread(self._pair.restart)),
            ("process killed", self.kill),
            ("reload", self.reload),
            ("PostgreSQL killed", lambda: asyncio.to_thread(self._pair.crash)),
            ("article replaced", self.replace),
            ("failover to the replica", lambda: asyncio.to_thread(self._pair.fail_over)),
        )
        number = 0
        while not end.is_set():
            name, make = kinds[number % len(kinds)]
            number += 1
            await make()
            self._tally.troubles[name] += 1
            await asyncio.sleep(self._random.uniform(*_PAUSE))

    async def begin(self) -> None:
        """Give every server its own article."""
        for server in self._servers:
            await self._add(server)

    async def reload(self) -> None:
        """Change some shared facts, and reload them by whichever process it is."""
        clock = asyncio.get_running_loop().time
        changed = self._random.sample(self._shared, 3)
        for fact in changed:
            fact.say(self._numbers.next(), clock())
        await asyncio.to_thread(write, self._file, self._shared)
        server = self._random.choice(self._open())
        if await self._tell(server, "corpus reload", lambda: {"collection": "shared"}):
            for fact in changed:
                fact.settle(clock())

    async def replace(self) -> None:
        """Change a fact of one server, by a new file in the place of the old."""
        clock = asyncio.get_running_loop().time
        server = self._random.choice(self._open())
        fact = self._random.choice(server.own)
        fact.say(self._numbers.next(), clock())
        if await self._add(server):
            fact.settle(clock())

    async def kill(self) -> None:
        """End a process by force, and start it again a little later."""
        shard = self._random.choice(self._shards[1:])
        await shard.kill()
        await asyncio.sleep(self._random.uniform(0, 3))
        await self._back(shard)

    async def stop(self) -> None:
        """Ask a process to end, and start it again."""
        shard = self._random.choice(self._shards[1:])
        shard.is_open.clear()
        # What was asked just now has reached the process then.
        await asyncio.sleep(0.5)
        status = await shard.stop()
        if status != 0:
            self._tally.violations.append(f"shard {shard.number} ended with {status} on SIGTERM")
        await self._back(shard)

    async def _back(self, shard: Shard) -> None:
        await shard.start()
        server = next(one for one in self._servers if one.shard is shard)
        # It connects sooner than it has its articles.
        async with asyncio.timeout(_PATIENCE):
            while True:
                fact = server.own[0]
                asked = await self._discord.slash(
                    server.boss, server.channels[0], "ask", {"question": fact.question}
                )
                try:
                    answer = await asked.wait_for_answer(_PATIENCE)
                except LoopbackTimeoutError:
                    continue
                if any(number in answer.text for number in fact.ever()):
                    break
                await asyncio.sleep(0.3)
        shard.is_open.set()

    def _open(self) -> Sequence[Server]:
        return [server for server in self._servers if server.shard.is_open.is_set()]

    async def _add(self, server: Server) -> bool:
        """Add a server's own article, in the place of the one that it has."""

        def file() -> dict[str, OptionValue]:
            return {"file": self._discord.upload(OWN, content(server.own))}

        return await self._tell(server, "corpus add", file)

    async def _tell(
        self, server: Server, path: str, values: Callable[[], dict[str, OptionValue]]
    ) -> bool:
        """Use a command until it has done what it says; whether it has."""
        said = "nothing"
        for _ in range(_ATTEMPTS):
            try:
                used = await self._discord.slash(server.boss, server.channels[0], path, values())
                report = await used.wait_for_answer(
                    _PATIENCE, lambda message: "Reading the articles" not in message.text
                )
            except (LoopbackError, LoopbackTimeoutError) as error:
                said = repr(error)
                continue
            said = report.text
            if any(word in said for word in _DONE):
                return True
            await asyncio.sleep(1)
        self._tally.violations.append(f"/{path} was not done: {said[:300]!r}")
        return False
