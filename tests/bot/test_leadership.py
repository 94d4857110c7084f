"""Of several processes, one does what only one may do."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest

from bot.leadership import Leadership, Lock
from retrieval.errors import StorageError
from retrieval.postgres.servers import Servers

LOOK_S = 0.02


@contextmanager
def process(url: str) -> Iterator[Servers]:
    servers = Servers(url)
    yield servers
    servers.close()


@dataclass
class Candidate:
    """A process that would lead, and how often it has begun to."""

    leadership: Leadership
    begun: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def gained(self) -> None:
        await self.begun.put("begun")

    async def leads(self) -> None:
        await asyncio.wait_for(self.begun.get(), 10)
        assert self.leadership.is_held


@asynccontextmanager
async def candidate(
    lock: Callable[[str], Lock] | None, name: str = "bot 1", look: float = LOOK_S
) -> AsyncIterator[Candidate]:
    """One that tries to lead, until it is stopped."""
    made = Candidate(Leadership(lock, look=look))
    task = asyncio.create_task(made.leadership.keep(name, made.gained))
    try:
        yield made
        assert lock is None or not task.done()
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_a_process_that_is_alone_leads_and_need_not_begin_to() -> None:
    async with candidate(None) as alone:
        assert alone.leadership.is_held
    assert alone.begun.empty()


async def test_before_it_is_known_nobody_leads(postgres_url: str) -> None:
    with process(postgres_url) as servers:
        assert not Leadership(servers.advisory).is_held


async def test_one_of_several_leads_and_another_after_it(postgres_url: str) -> None:
    with process(postgres_url) as one, process(postgres_url) as two:
        async with candidate(two.advisory, look=1e9) as looks_once:
            await looks_once.leads()
            async with candidate(one.advisory) as second:
                # It looks often meanwhile, and would be told of it.
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(second.begun.get(), 10 * LOOK_S)
                assert not second.leadership.is_held
            assert looks_once.leadership.is_held
        assert not looks_once.leadership.is_held
        async with candidate(one.advisory) as third:
            await third.leads()


async def test_another_takes_over_when_the_session_of_the_leader_ends(postgres_url: str) -> None:
    with process(postgres_url) as one, process(postgres_url) as two:
        async with candidate(one.advisory, look=1e9) as first:
            await first.leads()
            async with candidate(two.advisory) as second:
                _end_sessions_with_locks(postgres_url)
                await second.leads()


async def test_bots_that_share_a_database_have_leaders_of_their_own(postgres_url: str) -> None:
    with process(postgres_url) as servers:
        async with (
            candidate(servers.advisory, "bot 1") as one,
            candidate(servers.advisory, "bot 2") as two,
        ):
            await one.leads()
            await two.leads()


class Mute:
    """A lock of a database that does not answer after the first time."""

    def __init__(self) -> None:
        self.looks = 0
        self.looked_often = threading.Event()

    def acquire(self) -> bool:
        self.looks += 1
        if self.looks == 1:
            return True
        if self.looks == 5:
            self.looked_often.set()
        raise StorageError("The database cannot be reached.")

    def holds(self) -> bool:
        return False

    def release(self) -> None:
        pass


async def test_who_cannot_ask_the_database_does_not_lead(caplog: pytest.LogCaptureFixture) -> None:
    lock = Mute()
    async with candidate(lambda name: lock) as cut_off:
        await asyncio.wait_for(cut_off.begun.get(), 10)
        assert await asyncio.to_thread(lock.looked_often.wait, 10)
        assert not cut_off.leadership.is_held
    told = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert sum("cannot be reached" in record.getMessage() for record in told) == 1


class Faulty:
    """A lock that fails once in a way nobody foresaw."""

    def __init__(self) -> None:
        self.looks = 0

    def acquire(self) -> bool:
        self.looks += 1
        if self.looks == 1:
            raise ValueError("unforeseen")
        return True

    def holds(self) -> bool:
        return False

    def release(self) -> None:
        pass


async def test_an_unforeseen_error_keeps_nobody_from_leading_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lock = Faulty()
    async with candidate(lambda name: lock) as made:
        await made.leads()
    assert "unforeseen" in caplog.text


async def test_what_was_seen_long_ago_is_not_trusted() -> None:
    now = [0.0]
    leadership = Leadership(lambda name: Mute(), look=1e9, clock=lambda: now[0])
    gained = asyncio.Event()

    async def begin() -> None:
        gained.set()

    task = asyncio.create_task(leadership.keep("bot 1", begin))
    await asyncio.wait_for(gained.wait(), 10)
    assert leadership.is_held
    now[0] = 3600.0
    assert not leadership.is_held
    task.cancel()
    await asyncio.wait({task})


async def test_a_beginning_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    failed = asyncio.Event()

    async def begin() -> None:
        failed.set()
        raise ValueError("unforeseen")

    leadership = Leadership(lambda name: Mute(), look=1e9)
    task = asyncio.create_task(leadership.keep("bot 1", begin))
    await asyncio.wait_for(failed.wait(), 10)
    await asyncio.sleep(0)
    assert leadership.is_held
    assert not task.done()
    assert "unforeseen" in caplog.text
    task.cancel()
    await asyncio.wait({task})


def _end_sessions_with_locks(url: str) -> None:
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_locks"
        " WHERE locktype = 'advisory' AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(query).fetchall() == [(True,)]
