"""What other processes tell through the database reaches the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest

from bot.inflight import ClosingError
from bot.listening import Listen, hear
from retrieval.errors import StorageError
from retrieval.postgres.servers import Servers

CHANNEL = "footnote_test"
News = frozenset[str | None]


@asynccontextmanager
async def hearing(listen: Listen, heard: Callable[[News], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.create_task(hear(listen, CHANNEL, heard))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


class Teller:
    """Another process: what it tells is told at once."""

    def __init__(self) -> None:
        self.listening = threading.Event()
        self.stopped = threading.Event()

    def listen(
        self, channel: str, on_payload: Callable[[str | None], None], stop: threading.Event
    ) -> None:
        self.tell = on_payload
        self.listening.set()
        stop.wait(20)
        self.stopped.set()


async def test_what_is_notified_is_heard_after_what_may_have_been_missed(
    postgres_url: str,
) -> None:
    servers = Servers(postgres_url)
    news: asyncio.Queue[News] = asyncio.Queue()
    async with hearing(servers.listen, news.put):
        assert await asyncio.wait_for(news.get(), 10) == {None}
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, "server-1"])
        assert await asyncio.wait_for(news.get(), 10) == {"server-1"}
    servers.close()


async def test_what_is_told_meanwhile_is_passed_on_together() -> None:
    teller = Teller()
    news: list[News] = []
    at_work, go_on = asyncio.Event(), asyncio.Event()

    async def heard(told: News) -> None:
        news.append(told)
        at_work.set()
        await go_on.wait()

    async with hearing(teller.listen, heard):
        await asyncio.to_thread(teller.listening.wait, 10)
        teller.tell("a")
        await asyncio.wait_for(at_work.wait(), 10)
        for payload in ("b", "c", "b"):
            teller.tell(payload)
        at_work.clear()
        go_on.set()
        await asyncio.wait_for(at_work.wait(), 10)
    assert news == [{"a"}, {"b", "c"}]


@pytest.mark.parametrize("error", [StorageError("It is away."), ValueError("unforeseen")])
async def test_what_could_not_be_attended_to_is_looked_for_with_the_next_news(
    error: Exception,
) -> None:
    teller = Teller()
    news: asyncio.Queue[News] = asyncio.Queue()
    failing = [error]

    async def heard(told: News) -> None:
        await news.put(told)
        if failing:
            raise failing.pop()

    async with hearing(teller.listen, heard):
        await asyncio.to_thread(teller.listening.wait, 10)
        teller.tell("a")
        assert await asyncio.wait_for(news.get(), 10) == {"a"}
        teller.tell("b")
        assert await asyncio.wait_for(news.get(), 10) == {None, "b"}


async def test_a_bot_that_is_being_stopped_complains_of_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    teller = Teller()
    told = asyncio.Event()

    async def heard(news: News) -> None:
        told.set()
        raise ClosingError

    async with hearing(teller.listen, heard):
        await asyncio.to_thread(teller.listening.wait, 10)
        teller.tell("a")
        await asyncio.wait_for(told.wait(), 10)
    assert await asyncio.to_thread(teller.stopped.wait, 10)
    assert not caplog.records
