"""When a page or feed is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.web.polling import LATEST, MOST_ASKED, SOONEST, next_check

NOW = datetime(2025, 7, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
intervals = st.timedeltas(timedelta(0), timedelta(days=3000))
failures = st.integers(0, 10**9)
asked = st.none() | st.floats(-1e12, 1e12)


def wait(
    interval: timedelta = HOUR,
    failures: int = 0,
    retry_after: float | None = None,
    jitter: float = 0,
) -> timedelta:
    then = next_check(NOW, interval, failures=failures, retry_after=retry_after, jitter=jitter)
    return then - NOW


def test_after_success_the_interval_is_kept() -> None:
    assert wait() == HOUR


@pytest.mark.parametrize(("count", "hours"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 24), (99, 24)])
def test_each_failure_in_a_row_doubles_the_wait_up_to_a_day(count: int, hours: int) -> None:
    assert wait(failures=count) == timedelta(hours=hours)


def test_an_interval_longer_than_a_day_is_kept_whatever_fails() -> None:
    assert wait(timedelta(days=3), failures=5) == timedelta(days=3)


def test_the_shortest_interval_reaches_a_day_too() -> None:
    assert wait(timedelta(0)) == SOONEST
    assert wait(timedelta(0), failures=20) == LATEST


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(60, HOUR), (2 * 3600, 2 * HOUR), (3 * 86400, timedelta(days=3)), (1e9, MOST_ASKED)],
)
def test_a_server_can_ask_for_a_longer_wait_and_not_for_a_shorter(
    seconds: float, expected: timedelta
) -> None:
    assert wait(retry_after=seconds) == expected


def test_jitter_spreads_checks_over_a_tenth_of_the_wait() -> None:
    assert wait(jitter=1) == timedelta(minutes=66)
    assert wait(jitter=0.5) == timedelta(minutes=63)


@given(intervals, failures, asked, st.floats(0, 1))
def test_a_check_is_never_sooner_than_the_interval_and_never_put_off_for_ever(
    interval: timedelta, count: int, seconds: float | None, jitter: float
) -> None:
    waited = wait(interval, count, seconds, jitter)
    assert waited >= max(interval, SOONEST)
    assert waited <= max(interval * 1.1, LATEST * 1.1, MOST_ASKED) + timedelta(microseconds=1)


@given(intervals, failures, asked)
def test_one_more_failure_never_brings_the_next_check_forward(
    interval: timedelta, count: int, seconds: float | None
) -> None:
    assert wait(interval, count + 1, seconds) >= wait(interval, count, seconds)
