"""Rates: never more than the burst and what time adds to it, and never less without need."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import Limiter, LocalLimiter
from bot.store import ServerSettings
from bot.store.postgres import PostgresPeople, SharedLimiter
from retrieval.postgres.servers import Servers

UNLIMITED = ServerSettings(per_member=0, per_channel=0, per_server=0)
RATES = st.integers(0, 12)
SETTINGS = st.builds(ServerSettings, per_member=RATES, per_channel=RATES, per_server=RATES)
STEPS = st.lists(
    st.tuples(
        st.floats(0, 30),
        st.none() | st.integers(1, 2),
        st.integers(1, 2),
        st.integers(1, 3),
    ),
    max_size=80,
)


class Clock:
    """Seconds, as the test says."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


@pytest.fixture(params=["local", "shared"])
def limiter(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Limiter]:
    if request.param == "local":
        yield LocalLimiter(clock)
        return
    servers = Servers(request.getfixturevalue("people_url"))
    yield SharedLimiter(PostgresPeople(servers, keep_text=True), clock)
    servers.close()


Result = TypeVar("Result")


def at_once(work: Coroutine[Any, Any, Result]) -> Result:
    """What work gives that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("it waits")


def only(**rates: int) -> ServerSettings:
    return ServerSettings(**{"per_member": 0, "per_channel": 0, "per_server": 0, **rates})  # type: ignore[arg-type]


async def test_a_minutes_questions_may_be_asked_at_once_and_the_next_after_its_share(
    limiter: Limiter, clock: Clock
) -> None:
    settings = only(per_member=6)
    assert [await limiter.take(1, 1, 1, settings) for _ in range(6)] == [None] * 6
    assert await limiter.take(1, 1, 1, settings) == pytest.approx(10)
    clock.now += 4
    wait = await limiter.take(1, 1, 1, settings)
    assert wait == pytest.approx(6)
    clock.now += wait or 0
    assert await limiter.take(1, 1, 1, settings) is None
    assert await limiter.take(1, 1, 1, settings) == pytest.approx(10)


async def test_a_member_a_channel_and_a_server_have_a_bucket_each(limiter: Limiter) -> None:
    assert await limiter.take(1, 1, 1, only(per_member=1)) is None
    assert await limiter.take(1, 1, 2, only(per_member=1)) is None
    assert await limiter.take(1, 2, 1, only(per_member=1)) is not None
    assert await limiter.take(1, 1, 3, only(per_channel=1)) is None
    assert await limiter.take(1, 1, 4, only(per_channel=1)) is not None
    assert await limiter.take(1, 2, 5, only(per_server=1)) is None
    assert await limiter.take(1, 3, 6, only(per_server=1)) is not None


async def test_one_servers_questions_are_no_matter_of_another(limiter: Limiter) -> None:
    settings = ServerSettings(per_member=1, per_channel=1, per_server=1)
    for server in (1, 2, None):
        assert await limiter.take(server, 1, 1, settings) is None
        assert await limiter.take(server, 1, 1, settings) is not None


async def test_the_longest_wait_is_told(limiter: Limiter) -> None:
    settings = only(per_member=2, per_server=1)
    assert await limiter.take(1, 1, 1, settings) is None
    assert await limiter.take(1, 1, 1, settings) == pytest.approx(60)


async def test_a_refusal_takes_nothing_from_the_others(limiter: Limiter) -> None:
    settings = only(per_member=1, per_channel=2)
    assert await limiter.take(1, 1, 1, settings) is None
    for _ in range(10):
        assert await limiter.take(1, 1, 1, settings) is not None
    assert await limiter.take(1, 1, 2, settings) is None


async def test_nobody_is_locked_out_by_a_clock_that_is_set_back(
    people_url: str, clock: Clock
) -> None:
    servers = Servers(people_url)
    limiter = SharedLimiter(PostgresPeople(servers, keep_text=True), clock)
    assert await limiter.take(1, 1, 1, only(per_member=1)) is None
    clock.now -= 3600
    assert await limiter.take(1, 1, 1, only(per_member=1)) == pytest.approx(60, abs=0.1)
    clock.now += 61
    assert await limiter.take(1, 1, 1, only(per_member=1)) is None
    servers.close()


async def test_nobody_waits_where_there_is_no_limit(clock: Clock) -> None:
    limiter = LocalLimiter(clock)
    assert all([await limiter.take(1, 1, 1, UNLIMITED) is None for _ in range(1000)])
    assert len(limiter) == 0


async def test_new_limits_hold_at_once(limiter: Limiter) -> None:
    for _ in range(3):
        assert await limiter.take(1, 1, 1, only(per_member=10)) is None
    assert await limiter.take(1, 1, 1, only(per_member=1)) is None
    assert await limiter.take(1, 1, 1, only(per_member=1)) is not None
    assert await limiter.take(1, 1, 1, UNLIMITED) is None


async def test_what_is_full_again_is_dropped(clock: Clock) -> None:
    limiter = LocalLimiter(clock)
    for person in range(50):
        await limiter.take(1, 1, person, ServerSettings(per_channel=0, per_server=0))
    assert len(limiter) == 50
    clock.now += 60
    await limiter.tidy()
    assert len(limiter) == 0


async def test_memory_is_bounded_and_the_latest_are_remembered(clock: Clock) -> None:
    limiter = LocalLimiter(clock, most=10)
    for person in range(100):
        assert await limiter.take(1, 1, person, only(per_member=1)) is None
        assert len(limiter) <= 10
    assert await limiter.take(1, 1, 99, only(per_member=1)) is not None
    assert await limiter.take(1, 1, 0, only(per_member=1)) is None


@given(SETTINGS, STEPS, st.floats(0, 1e7))
def test_no_bucket_ever_gives_more_than_its_burst_and_what_time_adds(
    settings: ServerSettings, steps: list[tuple[float, int | None, int, int]], start: float
) -> None:
    clock = Clock(start)
    limiter = LocalLimiter(clock)
    taken: dict[tuple[str, int | None, int], list[float]] = {}
    for pause, server, channel, person in steps:
        clock.now += pause
        if at_once(limiter.take(server, channel, person, settings)) is None:
            for key in (("m", server, person), ("c", server, channel), ("s", server, server or 0)):
                taken.setdefault(key, []).append(clock.now)
    rates = {"m": settings.per_member, "c": settings.per_channel, "s": settings.per_server}
    for (kind, server, _), times in taken.items():
        rate = rates[kind]
        if not rate or (kind == "s" and server is None):
            continue
        for first, begin in enumerate(times):
            for last in range(first, len(times)):
                allowed = rate + rate / 60 * (times[last] - begin)
                assert last - first + 1 <= allowed + 1e-4


@given(SETTINGS, STEPS, st.floats(0, 1e7))
def test_after_the_wait_that_is_told_the_question_may_be_asked(
    settings: ServerSettings, steps: list[tuple[float, int | None, int, int]], start: float
) -> None:
    clock = Clock(start)
    limiter = LocalLimiter(clock)
    for pause, server, channel, person in steps:
        clock.now += pause
        wait = at_once(limiter.take(server, channel, person, settings))
        if wait is not None:
            assert 0 < wait <= 60 + 1e-3
            clock.now += wait
            assert at_once(limiter.take(server, channel, person, settings)) is None
