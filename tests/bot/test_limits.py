"""Rates: never more than the burst and what time adds to it, and never less without need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import Limiter
from bot.store import ServerSettings

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


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(clock)


def only(**rates: int) -> ServerSettings:
    return ServerSettings(**{"per_member": 0, "per_channel": 0, "per_server": 0, **rates})  # type: ignore[arg-type]


def test_a_minutes_questions_may_be_asked_at_once_and_the_next_after_its_share(
    limiter: Limiter, clock: Clock
) -> None:
    settings = only(per_member=6)
    assert [limiter.take(1, 1, 1, settings) for _ in range(6)] == [None] * 6
    assert limiter.take(1, 1, 1, settings) == pytest.approx(10)
    clock.now += 4
    wait = limiter.take(1, 1, 1, settings)
    assert wait == pytest.approx(6)
    clock.now += wait or 0
    assert limiter.take(1, 1, 1, settings) is None
    assert limiter.take(1, 1, 1, settings) == pytest.approx(10)


def test_a_member_a_channel_and_a_server_have_a_bucket_each(limiter: Limiter) -> None:
    assert limiter.take(1, 1, 1, only(per_member=1)) is None
    assert limiter.take(1, 1, 2, only(per_member=1)) is None
    assert limiter.take(1, 2, 1, only(per_member=1)) is not None
    assert limiter.take(1, 1, 3, only(per_channel=1)) is None
    assert limiter.take(1, 1, 4, only(per_channel=1)) is not None
    assert limiter.take(1, 2, 5, only(per_server=1)) is None
    assert limiter.take(1, 3, 6, only(per_server=1)) is not None


def test_one_servers_questions_are_no_matter_of_another(limiter: Limiter) -> None:
    settings = ServerSettings(per_member=1, per_channel=1, per_server=1)
    for server in (1, 2, None):
        assert limiter.take(server, 1, 1, settings) is None
        assert limiter.take(server, 1, 1, settings) is not None


def test_the_longest_wait_is_told(limiter: Limiter) -> None:
    settings = only(per_member=2, per_server=1)
    assert limiter.take(1, 1, 1, settings) is None
    assert limiter.take(1, 1, 1, settings) == pytest.approx(60)


def test_a_refusal_takes_nothing_from_the_others(limiter: Limiter) -> None:
    settings = only(per_member=1, per_channel=2)
    assert limiter.take(1, 1, 1, settings) is None
    for _ in range(10):
        assert limiter.take(1, 1, 1, settings) is not None
    assert limiter.take(1, 1, 2, settings) is None


def test_nobody_waits_where_there_is_no_limit(limiter: Limiter) -> None:
    assert all(limiter.take(1, 1, 1, UNLIMITED) is None for _ in range(1000))
    assert len(limiter) == 0


def test_new_limits_hold_at_once(limiter: Limiter) -> None:
    for _ in range(3):
        assert limiter.take(1, 1, 1, only(per_member=10)) is None
    assert limiter.take(1, 1, 1, only(per_member=1)) is None
    assert limiter.take(1, 1, 1, only(per_member=1)) is not None
    assert limiter.take(1, 1, 1, UNLIMITED) is None


def test_what_is_full_again_is_dropped(limiter: Limiter, clock: Clock) -> None:
    for person in range(50):
        limiter.take(1, 1, person, ServerSettings(per_channel=0, per_server=0))
    assert len(limiter) == 50
    clock.now += 60
    assert limiter.take(1, 1, 1, UNLIMITED) is None
    assert len(limiter) == 0


def test_memory_is_bounded_and_the_latest_are_remembered(clock: Clock) -> None:
    limiter = Limiter(clock, most=10)
    for person in range(100):
        assert limiter.take(1, 1, person, only(per_member=1)) is None
        assert len(limiter) <= 10
    assert limiter.take(1, 1, 99, only(per_member=1)) is not None
    assert limiter.take(1, 1, 0, only(per_member=1)) is None


@given(SETTINGS, STEPS, st.floats(0, 1e7))
def test_no_bucket_ever_gives_more_than_its_burst_and_what_time_adds(
    settings: ServerSettings, steps: list[tuple[float, int | None, int, int]], start: float
) -> None:
    clock = Clock(start)
    limiter = Limiter(clock)
    taken: dict[tuple[str, int | None, int], list[float]] = {}
    for pause, server, channel, person in steps:
        clock.now += pause
        if limiter.take(server, channel, person, settings) is None:
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
    limiter = Limiter(clock)
    for pause, server, channel, person in steps:
        clock.now += pause
        wait = limiter.take(server, channel, person, settings)
        if wait is not None:
            assert 0 < wait <= 60 + 1e-3
            clock.now += wait
            assert limiter.take(server, channel, person, settings) is None
