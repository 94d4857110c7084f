"""Threads that know how much work waits for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import wait

import pytest

from bot.observability.workers import Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(2, "test") as made:
        yield made


def test_only_what_no_thread_has_begun_waits(workers: Workers) -> None:
    begun, go = threading.Barrier(3), threading.Event()

    def work() -> None:
        begun.wait()
        go.wait()

    busy = [workers.submit(work) for _ in range(2)]
    begun.wait()
    assert workers.waiting == 0
    more = [workers.submit(int) for _ in range(3)]
    assert workers.waiting == 3
    go.set()
    wait(busy)
    wait(more)
    assert workers.waiting == 0


def test_what_is_given_up_waits_no_longer(workers: Workers) -> None:
    go = threading.Event()
    busy = [workers.submit(go.wait) for _ in range(2)]
    waiting = workers.submit(int)
    assert waiting.cancel()
    assert workers.waiting == 0
    go.set()
    wait(busy)
    assert workers.waiting == 0


def test_an_error_comes_through_and_leaves_nothing_waiting(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        workers.submit(lambda: 1 // 0).result()
    assert workers.waiting == 0


def test_what_is_refused_does_not_wait(workers: Workers) -> None:
    workers.shutdown()
    with pytest.raises(RuntimeError):
        workers.submit(int)
    assert workers.waiting == 0
