"""Shards: which servers this process hears of, and when its connections to Discord may begin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import discord
import pytest
import yarl
from hypothesis import given
from hypothesis import strategies as st

from bot.leadership import Lock
from bot.sharding import PAUSE, Launches, Shards, ShardsUnknownError, Turns, agree, keep_session
from retrieval.postgres.servers import Servers
from tests.loopback import LoopbackDiscord

TOKEN = "a-token"


class Client(discord.AutoShardedClient):
    """A bot that does nothing but keep its sessions, and note what it hears."""

    def __init__(self, count: int | None = 1) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True),
            shard_count=count,
            guild_ready_timeout=0.05,
        )
        self.heard: list[int] = []
        self.launches = Launches()

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        launch = partial(super().launch_shard, gateway, shard_id, initial=initial)
        await self.launches.until_connected(shard_id, launch)
        keep_session(self, shard_id)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message.id)
        await message.add_reaction("👍")


@contextmanager
def pointed_at(loopback: LoopbackDiscord) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discord.http.Route, "BASE", loopback.api_url)
        gateway = yarl.URL(loopback.gateway_url)
        patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        yield


@asynccontextmanager
async def connected(loopback: LoopbackDiscord, client: Client) -> AsyncIterator[None]:
    with pointed_at(loopback):
        task = asyncio.create_task(client.start(TOKEN))
        count = client.shard_count or 1
        await loopback.wait_until(lambda: len(loopback.ready_shards) == count)
        try:
            yield
        finally:
            await client.close()
            task.cancel()
            await asyncio.wait({task})


# Which servers


@given(st.integers(0, 2**64 - 1), st.integers(1, 100))
def test_every_server_is_told_to_exactly_one_shard(server: int, count: int) -> None:
    assert sum(Shards(count, (number,)).has(server) for number in range(count)) == 1
    assert Shards(count).has(server)


@pytest.mark.parametrize(
    ("shards", "is_part"),
    [(Shards(), False), (Shards(2), False), (Shards(2, (0, 1)), False), (Shards(2, (1,)), True)],
)
def test_a_process_knows_whether_it_is_one_of_several(shards: Shards, is_part: bool) -> None:
    assert shards.is_part == is_part


# How many


async def test_discord_chooses_how_many_there_are() -> None:
    async with LoopbackDiscord(TOKEN, shards=3, max_concurrency=16) as loopback:
        with pointed_at(loopback):
            client = Client(None)
            await client.login(TOKEN)
            assert await agree(client, Shards(None)) == (Shards(3), 16)
            assert await agree(client, Shards(7, (2,))) == (Shards(7, (2,)), 16)
            await client.close()


async def test_one_shard_needs_no_agreement() -> None:
    assert await agree(Client(), Shards(1)) == (Shards(1), 1)


async def test_where_discord_does_not_answer_a_number_that_is_set_is_enough() -> None:
    async with LoopbackDiscord(TOKEN) as loopback:
        with pointed_at(loopback):
            client = Client(None)
            await client.login(TOKEN)
            loopback.fail_next("GET", "/gateway/bot", status=503, times=2)
            assert await agree(client, Shards(2)) == (Shards(2), 1)
            with pytest.raises(ShardsUnknownError, match="SHARD_COUNT"):
                await agree(client, Shards(None))
            await client.close()


# When


class Slept:
    """A clock that time passes by when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


async def test_shards_of_one_group_begin_one_after_another() -> None:
    slept = Slept()
    turns = Turns(1, slept.clock, slept.sleep)
    begun = []
    for shard in range(3):
        await turns.wait(shard)
        begun.append(slept.now)
    assert begun == [0.0, PAUSE, 2 * PAUSE]


async def test_shards_of_different_groups_begin_together() -> None:
    slept = Slept()
    turns = Turns(2, slept.clock, slept.sleep)
    begun = []
    for shard in range(4):
        await turns.wait(shard)
        begun.append(slept.now)
    assert begun == [0.0, 0.0, PAUSE, PAUSE]


async def test_a_shard_waits_a_little_before_it_begins_another_session() -> None:
    slept = Slept()
    turns = Turns(1, slept.clock, slept.sleep)
    await turns.wait(0)
    slept.now += 1000
    await turns.wait(0)
    (nap,) = slept.naps
    assert 1 <= nap <= 5


async def test_who_waits_for_one_group_does_not_hold_up_another() -> None:
    waiting = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    turns = Turns(2, lambda: 0.0, sleep)
    await turns.wait(0)
    held_up = asyncio.create_task(turns.wait(2))
    await asyncio.wait_for(waiting.wait(), 5)
    await asyncio.wait_for(turns.wait(1), 5)
    assert not held_up.done()
    held_up.cancel()


async def test_processes_take_turns(postgres_url: str) -> None:
    one, two = Servers(postgres_url), Servers(postgres_url)
    pause = 0.3
    turns = [
        Turns(1, time.monotonic, lock=partial(_of_group, servers), pause=pause)
        for servers in (one, two)
    ]
    begun = []

    async def begin(number: int) -> None:
        await turns[number].wait(number)
        begun.append(time.monotonic())

    await asyncio.wait_for(asyncio.gather(begin(0), begin(1)), 20)
    assert max(begun) - min(begun) >= 0.9 * pause
    for servers in (one, two):
        servers.close()


def _of_group(servers: Servers, group: int) -> Lock:
    return servers.advisory(f"group {group}")


async def test_a_database_that_is_away_keeps_no_shard_from_beginning() -> None:
    nowhere = Servers("postgresql://footnote@127.0.0.1:9/footnote", wait=0.1)
    turns = Turns(1, time.monotonic, lock=partial(_of_group, nowhere))
    await asyncio.wait_for(turns.wait(0), 10)


# The first connection


async def test_a_first_connection_that_is_refused_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nap = asyncio.sleep

    async def short(seconds: float, result: None = None) -> None:
        await nap(0.01 if seconds == 5.0 else seconds)

    monkeypatch.setattr(asyncio, "sleep", short)
    async with LoopbackDiscord(TOKEN) as loopback:
        loopback.refuse_connections(3)
        async with connected(loopback, Client()):
            assert len(loopback.identifies) == 1


async def test_however_often_it_fails_a_shard_is_connected_in_the_end() -> None:
    launches, failures = Launches(), [OSError()] * 2000

    async def launch() -> None:
        # As discord.py does.
        try:
            await asyncio.sleep(0)
            if failures:
                raise failures.pop()
        except OSError:
            await launches.until_connected(3, launch)

    await launches.until_connected(3, launch)
    assert not failures


# Connections that are lost


async def test_what_is_said_during_an_outage_is_heard_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda self: 0.1)
    async with LoopbackDiscord(TOKEN) as loopback:
        guild = loopback.add_guild()
        ada, channel = guild.add_member("ada"), guild.add_text_channel()
        client = Client()
        async with connected(loopback, client):
            # The first attempt to go on fails, which ends the session for discord.py alone.
            loopback.refuse_connections(1)
            await loopback.cut_gateway()
            said = await loopback.post_message(channel, ada, "Is anybody there?")
            await loopback.wait_until(lambda: said.reactions, 20)
            assert client.heard == [said.id]
            assert (len(loopback.identifies), loopback.resumes) == (1, 1)


async def test_a_shard_that_waits_before_it_tries_again_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # For whoever fails to connect it would be minutes, after some attempts.
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda self: 3600.0)
    async with LoopbackDiscord(TOKEN, max_concurrency=2) as loopback:
        client = Client(2)
        async with connected(loopback, client):
            loopback.refuse_connections(1)
            await loopback.cut_gateway()
            await loopback.wait_until(lambda: len(loopback.ready_shards) == 1, 20)
