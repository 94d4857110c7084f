"""Whether the database can be reached, seen without waiting for it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bot.client import FootnoteClient
from bot.library import Library
from bot.observability.address import Address
from bot.observability.monitoring import monitored
from bot.observability.reach import Reach
from bot.services import make_services
from bot.settings import Settings
from retrieval.postgres.servers import Servers
from tests.bot.conftest import Scene
from tests.bot.observability.scraping import get

NOWHERE = "postgresql://footnote@127.0.0.1:9/footnote"
AWAY = "The database cannot be reached."


async def becomes(reach: Reach, expected: bool) -> None:
    async with asyncio.timeout(10):
        while reach.is_there != expected:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_a_server_that_answers_is_reached_and_one_that_is_not_there_is_not(
    postgres_url: str,
) -> None:
    for url, replicas, are_reached in (
        (postgres_url, [], True),
        (NOWHERE, [], False),
        # Questions are answered by a replica too.
        (NOWHERE, [postgres_url], True),
    ):
        servers = Servers(url, replicas)
        assert servers.are_reached() == are_reached
        servers.close()


async def test_where_processes_share_a_database_it_is_looked_for(
    library: Library, postgres_url: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)
    assert make_services(settings, library).reach is None
    servers = Servers(postgres_url)
    reach = make_services(settings, library, postgres=servers).reach
    assert reach is not None
    with reach.watched():
        await becomes(reach, True)
    servers.close()


async def test_it_is_seen_when_a_database_goes_and_comes_back() -> None:
    answers = True
    reach = Reach(lambda: answers, every=0.01)
    assert not reach.is_there
    with reach.watched():
        for answers in (True, False, True):
            await becomes(reach, answers)


async def test_a_database_that_says_nothing_is_soon_taken_to_be_away() -> None:
    now = [0.0]
    mute, over = threading.Event(), threading.Event()

    def look() -> bool:
        if now[0]:
            mute.set()
            over.wait(20)
        return True

    reach = Reach(look, every=0.01, clock=lambda: now[0])
    with reach.watched():
        await becomes(reach, True)
        now[0] = 5.0
        assert await asyncio.to_thread(mute.wait, 10)
        now[0] = 20.0
        assert not reach.is_there
        over.set()


async def test_an_unforeseen_error_does_not_end_the_looking(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures = [ValueError("unforeseen")]

    def look() -> bool:
        if failures:
            raise failures.pop()
        return True

    reach = Reach(look, every=0.01)
    with reach.watched():
        await becomes(reach, True)
    assert "unforeseen" in caplog.text


async def test_whoever_asks_whether_the_bot_is_ready_is_told(scene: Scene) -> None:
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    answers = False
    reach = Reach(lambda: answers, every=0.01)
    client.services = replace(client.services, reach=reach)
    async with monitored(client, Address("127.0.0.1", 0)) as address:
        assert address is not None
        assert AWAY in (await get(address, "/readyz")).json["reasons"]
        answers = True
        await becomes(reach, True)
        assert AWAY not in (await get(address, "/readyz")).json["reasons"]
