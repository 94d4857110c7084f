"""Limits that several processes keep together."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings

from bot.limits import LocalLimiter
from bot.store import ServerSettings
from bot.store.postgres import PostgresPeople, SharedLimiter
from retrieval.postgres.servers import Servers
from tests.bot.test_limits import SETTINGS, STEPS, Clock, only
from tests.postgres.cluster import Stage

PATIENT = 30.0


def test_processes_together_allow_no_more_than_the_limit(people_url: str) -> None:
    """Each has connections, threads and an event loop of its own, and no clock but the server's."""
    settings = ServerSettings(per_member=11, per_channel=0, per_server=30)

    async def ask(limiter: SharedLimiter, number: int) -> int:
        asked = [limiter.take(1, number, person, settings) for person in range(5)] * 1
        asked += [limiter.take(1, number, person, settings) for person in range(5, -1, -1)] * 1
        asked += [limiter.take(1, number, person, settings) for person in (1, 0, 2, 4, 3, 3, 1)]
        return [await each for each in asyncio.as_completed(asked)].count(None)

    def process(number: int) -> int:
        servers = Servers(people_url)
        try:
            limiter = SharedLimiter(PostgresPeople(servers, keep_text=True), within=PATIENT)
            return asyncio.run(ask(limiter, number))
        finally:
            servers.close()

    begun = time.monotonic()
    with ThreadPoolExecutor(3) as processes:
        allowed = sum(processes.map(process, range(3)))
    added = (time.monotonic() - begun) * settings.per_server / 60
    assert 30 <= allowed <= 30 + added


EXAMPLES = count()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SETTINGS, STEPS)
async def test_it_decides_as_one_process_does(
    people: PostgresPeople,
    settings: ServerSettings,
    steps: list[tuple[float, int | None, int, int]],
) -> None:
    # Later than the example before, whose buckets are full by then.
    clock = Clock(1e6 * next(EXAMPLES))
    shared, local = SharedLimiter(people, clock, within=PATIENT), LocalLimiter(clock)
    for pause, server, channel, person in steps[:25]:
        clock.now += pause
        found = await shared.take(server, channel, person, settings)
        wanted = await local.take(server, channel, person, settings)
        assert found == (None if wanted is None else pytest.approx(wanted, abs=1e-3))


async def test_what_is_full_again_is_dropped_and_nothing_else(
    people: PostgresPeople, people_url: str, postgres_stage: Stage
) -> None:
    clock = Clock(1000.0)
    limiter = SharedLimiter(people, clock)
    for server in (1, 2, None):
        await limiter.take(server, 1, 1, only(per_member=5))
    clock.now += 61
    await limiter.take(1, 1, 2, only(per_member=5))
    await limiter.tidy()
    with postgres_stage.cluster.superuser(people_url.rpartition("/")[2]) as connection:
        left = connection.execute("SELECT server, kind, id FROM buckets").fetchall()
    assert left == [(1, "member", 2)]


async def test_while_the_database_is_away_questions_are_let_through_and_that_is_logged_once(
    nowhere: PostgresPeople, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = SharedLimiter(nowhere)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            assert await limiter.take(1, 1, 1, only(per_member=1)) is None
    said = [record.message for record in caplog.records]
    assert len(said) == 1
    assert "not counted" in said[0]
    assert "cannot be reached" in said[0]


async def test_no_question_and_no_heartbeat_waits_for_a_database_that_is_slow(
    people: PostgresPeople, people_url: str, postgres_stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = SharedLimiter(people, within=0.3)
    assert await SharedLimiter(people, within=PATIENT).take(1, 1, 1, only(per_member=1)) is None
    with (
        postgres_stage.cluster.superuser(people_url.rpartition("/")[2]) as connection,
        connection.transaction(),
        caplog.at_level(logging.WARNING),
    ):
        connection.execute("SELECT * FROM buckets FOR UPDATE")
        beats = 0
        asking = asyncio.ensure_future(limiter.take(1, 1, 1, only(per_member=1)))
        while not asking.done():
            await asyncio.sleep(0.01)
            beats += 1
    assert beats > 5
    assert await asking is None
    assert "takes too long" in caplog.text
