"""Questions of many threads share passes; what is asked again is not encoded again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from retrieval.encoders import Encoder, Encoding
from retrieval.encoders.batching import BatchingEncoder
from tests.table_encoder import TableEncoder


class Watched(TableEncoder):
    """Keeps each pass until it is let go, and remembers what was in it."""

    def __init__(self) -> None:
        super().__init__()
        self.passes: list[list[str]] = []
        self.begun = threading.Semaphore(0)
        self._go = threading.Semaphore(0)

    def let_go(self, passes: int = 1) -> None:
        self._go.release(passes)

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        self.passes.append([text for text, _ in asked])
        self.begun.release()
        assert self._go.acquire(timeout=30)
        if any("bad" in text for text, _ in asked):
            raise ValueError("bad")
        return super().encode_questions(asked)


class Askers:
    """Threads that ask, each in the queue before the next begins."""

    def __init__(self, encoder: BatchingEncoder, pool: ThreadPoolExecutor) -> None:
        self._encoder = encoder
        self._pool = pool

    def ask(self, text: str) -> Future[Encoding]:
        return self._pool.submit(self._encoder.encode_question, text)

    def queue(self, *texts: str) -> list[Future[Encoding]]:
        """Ask while every pass is taken; returns when all are in the queue, in this order."""
        futures = []
        for text in texts:
            length = len(self._encoder._waiting) + 1
            futures.append(self.ask(text))
            until(partial(self._is_as_long_as, length))
        return futures

    def _is_as_long_as(self, length: int) -> bool:
        return len(self._encoder._waiting) >= length


def until(reached: Callable[[], bool]) -> None:
    turn = threading.Event()
    for _ in range(3000):
        if reached():
            return
        turn.wait(0.01)
    raise AssertionError("it never came to that")


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(40)


def test_whoever_is_alone_waits_for_nobody(watched: Watched) -> None:
    watched.let_go(2)
    encoder = BatchingEncoder(watched, passes=1)
    encoder.encode_question("One?")
    encoder.encode_question("Two?")
    assert watched.passes == [["One?"], ["Two?"]]


def test_who_comes_during_a_pass_is_in_the_next(watched: Watched, pool: ThreadPoolExecutor) -> None:
    askers = Askers(BatchingEncoder(watched, passes=1), pool)
    first = askers.ask("First?")
    assert watched.begun.acquire(timeout=30)
    others = askers.queue("Two?", "Three?", "Four?")
    watched.let_go(2)
    for text, future in zip(["First?", "Two?", "Three?", "Four?"], [first, *others], strict=True):
        expected = TableEncoder().encode_question(text).vector
        assert np.array_equal(future.result(30).vector, expected)
    assert watched.passes == [["First?"], ["Two?", "Three?", "Four?"]]


def test_a_pass_is_no_larger_than_allowed_and_the_oldest_go_first(
    watched: Watched, pool: ThreadPoolExecutor
) -> None:
    askers = Askers(BatchingEncoder(watched, passes=1, most=2), pool)
    askers.ask("0?")
    assert watched.begun.acquire(timeout=30)
    others = askers.queue("1?", "2?", "3?")
    watched.let_go(3)
    for future in others:
        future.result(30)
    assert watched.passes == [["0?"], ["1?", "2?"], ["3?"]]


def test_as_many_passes_run_at_once_as_there_are_processors(
    watched: Watched, pool: ThreadPoolExecutor
) -> None:
    encoder = BatchingEncoder(watched, passes=2)
    askers = Askers(encoder, pool)
    both = [askers.ask("One?"), askers.ask("Two?")]
    for _ in both:
        assert watched.begun.acquire(timeout=30)
    (third,) = askers.queue("Three?")
    watched.let_go(3)
    for future in (*both, third):
        future.result(30)
    assert len(watched.passes) == 3


def test_a_long_question_is_not_in_one_pass_with_short_ones(
    watched: Watched, pool: ThreadPoolExecutor
) -> None:
    askers = Askers(BatchingEncoder(watched, passes=1), pool)
    askers.ask("0?")
    assert watched.begun.acquire(timeout=30)
    long = "What of the harbour? " * 20
    others = askers.queue("1?", long, "2?")
    watched.let_go(3)
    for future in others:
        future.result(30)
    assert watched.passes == [["0?"], ["1?", "2?"], [long]]


def test_a_bad_question_fails_alone(watched: Watched, pool: ThreadPoolExecutor) -> None:
    encoder = BatchingEncoder(watched, passes=1)
    askers = Askers(encoder, pool)
    askers.ask("0?")
    assert watched.begun.acquire(timeout=30)
    good, bad, other = askers.queue("Good?", "A bad one?", "Other?")
    watched.let_go(6)
    assert np.array_equal(good.result(30).vector, TableEncoder().encode_question("Good?").vector)
    assert other.result(30)
    with pytest.raises(ValueError, match="bad"):
        bad.result(30)
    assert encoder.encode_question("And afterwards?")


def test_the_context_goes_along(encoder: Encoder) -> None:
    batching = BatchingEncoder(encoder, remembered=0)
    with ThreadPoolExecutor(16) as pool:
        contexts = ["", "The mayor opened the bridge."] * 8
        found = list(pool.map(batching.encode_question, ["Who was it?"] * 16, contexts))
    for context, encoding in zip(contexts, found, strict=True):
        alone = encoder.encode_question("Who was it?", context)
        assert encoding.vector @ alone.vector > 0.9999


class TestRemembering:
    def test_what_is_asked_again_is_not_encoded_again(self, watched: Watched) -> None:
        encoder = BatchingEncoder(watched)
        watched.let_go(2)
        first = encoder.encode_question("Who?")
        assert encoder.encode_question("Who?") is first
        assert encoder.encode_question("Who?", "The mayor spoke.") is not first
        assert len(watched.passes) == 2

    def test_what_was_asked_longest_ago_is_forgotten(self, watched: Watched) -> None:
        encoder = BatchingEncoder(watched, remembered=2)
        watched.let_go(4)
        for text in ("1?", "2?", "1?", "3?", "1?", "2?"):
            encoder.encode_question(text)
        assert watched.passes == [["1?"], ["2?"], ["3?"], ["2?"]]

    def test_nobody_can_change_what_others_are_given(self, watched: Watched) -> None:
        watched.let_go()
        encoding = BatchingEncoder(watched).encode_question("Who?")
        for array in (encoding.vector, encoding.tokens.vectors, encoding.tokens.ids):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 0


def test_an_interrupted_thread_keeps_nobody_waiting(
    watched: Watched, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = BatchingEncoder(watched, passes=1)
    askers = Askers(encoder, pool)
    encode = watched.encode_questions

    def interrupted(asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        encode(asked)
        raise KeyboardInterrupt

    monkeypatch.setattr(watched, "encode_questions", interrupted)
    first = askers.ask("0?")
    assert watched.begun.acquire(timeout=30)
    (other,) = askers.queue("1?")
    monkeypatch.setattr(watched, "encode_questions", encode)
    watched.let_go(2)
    with pytest.raises(KeyboardInterrupt):
        first.result(30)
    assert other.result(30)
