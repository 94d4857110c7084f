"""What other processes tell through the database reaches the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from bot import listening
from bot.client import FootnoteClient
from bot.conversations import Conversations, LocalConversations, Place
from bot.inflight import ClosingError
from bot.library import Library
from bot.listening import Listen, follow, hear
from bot.locales import Locales
from bot.services import Services, catch_up
from retrieval.conversation import Turn
from retrieval.errors import StorageError
from retrieval.postgres.servers import Servers
from tests.bot.conftest import MakeCorpora, client_over

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


async def test_a_listener_that_fails_unforeseen_listens_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listening, "_AGAIN_S", 0.01)
    failures: list[Exception] = [ValueError("unforeseen")]
    news: asyncio.Queue[News] = asyncio.Queue()

    def listen(
        channel: str, on_payload: Callable[[str | None], None], stop: threading.Event
    ) -> None:
        if failures:
            raise failures.pop()
        on_payload(None)
        stop.wait(20)

    async with hearing(listen, news.put):
        assert await asyncio.wait_for(news.get(), 10) == {None}
    assert "unforeseen" in caplog.text


# What is done about it


class Forgetful(Locales):
    """Tells when somebody was forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.forgotten: asyncio.Queue[int] = asyncio.Queue()

    def forget(self, person: int) -> None:
        super().forget(person)
        self.forgotten.put_nowait(person)


@dataclass
class Following:
    """A process that follows what another tells."""

    teller: Teller
    locales: Forgetful
    refreshed: asyncio.Queue[str]

    async def forgets(self, person: int) -> None:
        self.teller.tell(f"person:{person}")
        assert await asyncio.wait_for(self.locales.forgotten.get(), 10) == person


@asynccontextmanager
async def following(services: Services) -> AsyncIterator[Following]:
    made = Following(Teller(), Forgetful(), asyncio.Queue())

    async def refresh() -> None:
        await made.refreshed.put("refreshed")

    known = replace(services, locales=made.locales)
    task = asyncio.create_task(follow(made.teller.listen, known, refresh))
    await asyncio.to_thread(made.teller.listening.wait, 10)
    try:
        yield made
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_changed_collections_are_served(simcord_bot: FootnoteClient) -> None:
    async with following(simcord_bot.services) as process:
        for payload in ("shared", "server-5", None):
            process.teller.tell(payload)
            assert await asyncio.wait_for(process.refreshed.get(), 10) == "refreshed"


async def test_for_other_news_no_collection_is_looked_at(simcord_bot: FootnoteClient) -> None:
    async with following(simcord_bot.services) as process:
        process.teller.tell("settings:5")
        await process.forgets(1)
        # Once it attends to the second, the first is over.
        await process.forgets(2)
        assert process.refreshed.empty()


async def test_whom_another_process_may_have_forgotten_is_not_remembered(
    simcord_bot: FootnoteClient,
) -> None:
    local = LocalConversations(lambda: 0.0)
    services = replace(simcord_bot.services, conversations=local, locales=Locales())
    await local.remember(1, [Place("message", 2)], [Turn("Who was it?", "Ada")], person=3)
    services.locales.note(3, "de")
    await catch_up(services, None)
    assert not len(local)
    assert services.locales.of(3) is None


async def test_while_the_articles_are_being_opened_they_are_not_looked_at(
    make_corpora: MakeCorpora, conversations: Conversations, tmp_path: Path
) -> None:
    library = Library(make_corpora())
    async with following(client_over(library, conversations, tmp_path).services) as process:
        process.teller.tell("shared")
        await process.forgets(1)
        await process.forgets(2)
        assert process.refreshed.empty()
    library.close()
