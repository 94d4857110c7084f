"""What is kept no longer: old questions, and servers that the bot was removed from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.conversations import LIFETIME, LocalConversations, Place
from bot.housekeeping import Housekeeping
from bot.library import Library
from bot.store import ServerSettings, Store
from bot.upkeep import Upkeep
from retrieval.conversation import Turn
from retrieval.corpus import Upload
from retrieval.errors import StorageError
from tests.bot.conftest import MakeCorpora, Servers

SERVER, OTHER = 123, 456
GRACE = timedelta(days=7)


@dataclass
class Clock:
    """A clock that stands until it is put forward."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Store:
    return Store(tmp_path / "people", keep_text=True, retention=timedelta(days=30), clock=clock)


@pytest.fixture
async def held(make_corpora: MakeCorpora) -> AsyncIterator[Library]:
    corpora = make_corpora()
    for server in (SERVER, OTHER):
        corpora.server(server).add(Upload("aurora.txt", b"The zeppelin Aurora landed in Oslo."))
    made = Library(corpora)
    yield made
    made.close()


@pytest.fixture
def housekeeping(store: Store, held: Library, clock: Clock) -> Housekeeping:
    return Housekeeping(store, held, GRACE, clock)


def ask(store: Store, server: int | None = SERVER) -> int:
    return store.record(
        server=server, channel=1, person=2, question="Who?", answered=False, confidence=0.0
    )


async def test_old_questions_are_deleted_once_a_day(
    housekeeping: Housekeeping, store: Store, clock: Clock
) -> None:
    await housekeeping.tidy()
    old = ask(store)
    clock.pass_days(29.5)
    await housekeeping.tidy()
    assert store.asked(SERVER, old)
    clock.pass_days(0.6)
    await housekeeping.tidy()
    assert store.asked(SERVER, old), "a day has not passed since the last time"
    clock.pass_days(0.4)
    await housekeeping.tidy()
    assert not store.asked(SERVER, old)


async def test_a_server_is_forgotten_when_its_time_is_over(
    housekeeping: Housekeeping, store: Store, held: Library, clock: Clock
) -> None:
    await housekeeping.compare([SERVER, OTHER])
    asked = ask(store)
    store.save_settings(SERVER, ServerSettings(language="de"))
    assert held.articles(SERVER) is not None
    await housekeeping.left(SERVER)
    clock.pass_days(6.9)
    await housekeeping.tidy()
    assert store.asked(SERVER, asked)
    assert SERVER in await held.kept()
    clock.pass_days(0.2)
    await housekeeping.tidy()
    assert not store.asked(SERVER, asked)
    assert store.settings(SERVER) == ServerSettings()
    assert await held.kept() == [OTHER]


async def test_servers_of_other_processes_are_left_to_them(
    housekeeping: Housekeeping, store: Store, held: Library, clock: Clock
) -> None:
    await housekeeping.compare([SERVER], told_of=lambda server: server == SERVER)
    assert store.servers_to_forget(timedelta(0)) == []
    # It was left while its process was away; that one has not come back to look yet.
    store.server_left(OTHER)
    clock.pass_days(8)
    await housekeeping.tidy()
    assert set(await held.kept()) == {SERVER, OTHER}
    await housekeeping.compare([], told_of=lambda server: server == OTHER)
    await housekeeping.tidy()
    assert await held.kept() == [SERVER]


async def test_who_invites_the_bot_again_in_time_finds_all_as_it_was(
    housekeeping: Housekeeping, store: Store, held: Library, clock: Clock
) -> None:
    await housekeeping.compare([SERVER, OTHER])
    await housekeeping.left(SERVER)
    clock.pass_days(5)
    await housekeeping.back(SERVER)
    clock.pass_days(5)
    await housekeeping.tidy()
    assert SERVER in await held.kept()


async def test_what_happened_while_the_bot_was_away_is_noted_when_it_is_back(
    housekeeping: Housekeeping, store: Store, held: Library, clock: Clock
) -> None:
    ask(store, 789)
    await housekeeping.compare([OTHER])
    clock.pass_days(8)
    await housekeeping.compare([OTHER])
    await housekeeping.tidy()
    assert await held.kept() == [OTHER]
    assert store.servers() == []


async def test_the_first_time_that_it_was_missing_counts(
    housekeeping: Housekeeping, store: Store, held: Library, clock: Clock
) -> None:
    for _ in range(4):
        await housekeeping.compare([OTHER])
        clock.pass_days(2)
    await housekeeping.tidy()
    assert await held.kept() == [OTHER]


async def test_nothing_is_forgotten_before_it_is_known_where_the_bot_is(
    housekeeping: Housekeeping, store: Store, held: Library, clock: Clock
) -> None:
    store.server_left(SERVER)
    clock.pass_days(30)
    await housekeeping.tidy()
    assert SERVER in await held.kept()
    await housekeeping.compare([SERVER, OTHER])
    await housekeeping.tidy()
    assert SERVER in await held.kept()


async def test_what_cannot_be_forgotten_holds_up_no_other_and_is_tried_again(
    housekeeping: Housekeeping,
    store: Store,
    held: Library,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget = held.forget

    async def fail(server: int) -> None:
        if server == SERVER:
            raise StorageError("The disk is full.")
        await forget(server)

    await housekeeping.compare([])
    clock.pass_days(8)
    with monkeypatch.context() as failing:
        failing.setattr(held, "forget", fail)
        with pytest.raises(StorageError):
            await housekeeping.tidy()
    assert await held.kept() == [SERVER]
    await housekeeping.tidy()
    assert await held.kept() == []


async def test_a_store_that_cannot_be_read_is_no_reason_not_to_start(
    held: Library, tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "people").write_text("no folder")
    store = Store(tmp_path / "people", keep_text=True, retention=GRACE, clock=clock)
    await Housekeeping(store, held, GRACE, clock).compare([])


async def test_what_is_kept_for_an_hour_is_swept_up_by_then(
    store: Store, held: Library, clock: Clock
) -> None:
    now = 0.0
    conversations = LocalConversations(lambda: now)
    swept = asyncio.Event()

    async def sweep() -> None:
        await conversations.tidy()
        swept.set()

    upkeep = Upkeep(
        held,
        polls=False,
        housekeeping=Housekeeping(store, held, GRACE, clock, brief=[sweep]),
    )
    for place in (1, 2):
        await conversations.remember(None, [Place("message", place)], [Turn("Who?")])
        now += LIFETIME
    task = asyncio.create_task(upkeep.run())
    async with asyncio.timeout(5):
        await swept.wait()
    task.cancel()
    await asyncio.wait({task})
    assert len(conversations) == 1
    assert await conversations.turns(None, [Place("message", 2)])


async def test_upkeep_tidies_up(store: Store, held: Library, clock: Clock) -> None:
    tidied = asyncio.Event()

    class Watched(Housekeeping):
        async def tidy(self) -> None:
            await super().tidy()
            tidied.set()

    old = ask(store)
    clock.pass_days(31)
    upkeep = Upkeep(held, polls=False, housekeeping=Watched(store, held, GRACE, clock))
    task = asyncio.create_task(upkeep.run())
    async with asyncio.timeout(5):
        await tidied.wait()
    assert not store.asked(SERVER, old)
    task.cancel()
    await asyncio.wait({task})


async def test_the_client_says_when_it_was_removed_from_a_server(servers: Servers) -> None:
    store = servers.client.services.store
    server = servers.scene.guild.id
    servers.env.backend.remove_guild(server)
    await servers.env.settle()
    assert store.servers_to_forget(timedelta(0)) == [server]


async def test_the_client_notes_at_its_start_where_it_no_longer_is(servers: Servers) -> None:
    store = servers.client.services.store
    ask(store, OTHER)
    store.server_left(servers.scene.guild.id)
    await servers.restart()
    await servers.env.settle()
    assert store.servers_to_forget(timedelta(0)) == [OTHER]
