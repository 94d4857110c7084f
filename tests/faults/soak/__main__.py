"""Everything at once for half an hour: nothing lost, nothing doubled, nothing mixed.

    python -m tests.faults.soak [--minutes 30] [--askers 8] [--faults 0.01] [--seed N]

Three processes with a shard each run over one PostgreSQL with a replica, against the loopback
Discord, which fails a share of the requests. People in six servers ask for facts of the shared
articles and of their own server's, by mention and by ``/ask``, and for other servers' facts, which
they must never hear. Meanwhile articles are changed and reloaded by whichever process it is, two of
the processes are killed or stopped and started again, the gateway is cut, and PostgreSQL loses its
connections, is restarted, killed, or replaced by its replica.

An answer is right when it says what was true at some time between question and answer; a second
after a change was reported done, the old is not true any more for any process. What may be refused
is refused with a plain sentence. A question may go unanswered only where its process was killed.
Exit status 1 where anything else happened.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Final

from rich.console import Console

from tests.faults.soak.asking import Crowd, Server
from tests.faults.soak.database import Pair
from tests.faults.soak.facts import Numbers, facts
from tests.faults.soak.processes import Shard
from tests.faults.soak.tally import Tally
from tests.faults.soak.troubles import SHARED, Troubles, write
from tests.loopback import LoopbackDiscord, User, Weather
from tests.wire.bot_process import TOKEN
from tests.wire.scene import MANAGE_GUILD

PROCESSES: Final = 3
_SERVERS_EACH: Final = 2
_SHARED_FACTS: Final = 40
_OWN_FACTS: Final = 5
_MEMORY_EVERY: Final = 10.0


async def soak(folder: Path, *, minutes: float, askers: int, faults: float, seed: int) -> Tally:
    """Run it in an empty folder."""
    random, numbers, tally = Random(seed), Numbers(), Tally()
    shared = facts(_SHARED_FACTS, numbers)
    (folder / "articles").mkdir()
    write(folder / "articles" / SHARED, shared)
    pair = await asyncio.to_thread(Pair)
    async with AsyncExitStack() as stack:
        stack.callback(pair.close)
        discord = await stack.enter_async_context(
            LoopbackDiscord(
                TOKEN, heartbeat_interval=41.25, shards=PROCESSES, max_concurrency=PROCESSES
            )
        )
        boss = discord.add_user("boss")
        settings = {
            "FOOTNOTE_DATABASE_URL": pair.url,
            "FOOTNOTE_REPLICA_URLS": pair.replica_urls,
            "OPERATOR_IDS": str(boss.id),
            "OPENBLAS_NUM_THREADS": "1",
        }
        shards = [
            Shard(number, PROCESSES, folder / f"process-{number}", discord, settings)
            for number in range(PROCESSES)
        ]
        for shard in shards:
            stack.push_async_callback(_end, shard)
        servers = _servers(discord, shards, boss, numbers)
        for shard in shards:
            await shard.start()
        troubles = Troubles(
            discord,
            shards,
            servers,
            shared,
            folder / "articles" / SHARED,
            pair,
            numbers,
            tally,
            random,
        )
        for shard in shards:
            shard.is_open.set()
        await troubles.begin()
        discord.weather = Weather(faults, seed)
        end = asyncio.Event()
        crowd = Crowd(discord, servers, shared, tally, random)
        work = [
            *(asyncio.create_task(crowd.ask_until(end)) for _ in range(askers)),
            asyncio.create_task(troubles.make_until(end)),
            asyncio.create_task(_weigh(shards[0], tally, end)),
        ]
        done, _ = await asyncio.wait(
            work, timeout=60 * minutes, return_when=asyncio.FIRST_EXCEPTION
        )
        end.set()
        for task in done:
            task.result()
        await asyncio.gather(*work)
        tally.faults = discord.weather.struck.total()
        for shard in shards:
            if "Traceback" in shard.log:
                where = shard.log.index("Traceback")
                tally.violations.append(f"shard {shard.number}: {shard.log[where : where + 3000]}")
    return tally


def _servers(
    discord: LoopbackDiscord, shards: Sequence[Shard], boss: User, numbers: Numbers
) -> list[Server]:
    found = []
    for number in range(PROCESSES * _SERVERS_EACH):
        shard = shards[number % PROCESSES]
        guild = discord.add_guild(f"server {number}", shard=(shard.number, PROCESSES))
        first = _SHARED_FACTS + number * _OWN_FACTS
        found.append(
            Server(
                guild,
                shard,
                boss=guild.add_member(boss, permissions=MANAGE_GUILD),
                # Many, and many channels: nobody meets a limit.
                people=[guild.add_member(f"person-{number}-{n}") for n in range(40)],
                channels=[guild.add_text_channel(f"channel-{n}") for n in range(20)],
                own=facts(_OWN_FACTS, numbers, first=first),
            )
        )
    return found


async def _weigh(shard: Shard, tally: Tally, end: asyncio.Event) -> None:
    """Note the memory of a process."""
    while not end.is_set():
        tally.memory.append(shard.megabytes)
        await asyncio.sleep(_MEMORY_EVERY)


async def _end(shard: Shard) -> None:
    if shard.running is not None and shard.running.process.returncode is None:
        await shard.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--askers", type=int, default=8)
    parser.add_argument("--faults", type=float, default=0.01, help="a share of the requests")
    parser.add_argument("--seed", type=int, default=20261122)
    arguments = parser.parse_args()
    # This process plays Discord: a collection of a tenth of a second would count as a delay.
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        tally = asyncio.run(soak(Path(folder), **vars(arguments)))
    tally.show(Console())
    return 0 if tally.is_sound else 1


if __name__ == "__main__":
    sys.exit(main())
