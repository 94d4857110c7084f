"""Threads that know how much work waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Workers(ThreadPoolExecutor):
    """A pool of threads. ``waiting`` is how much was handed to it that no thread has begun."""

    def __init__(self, count: int, name: str) -> None:
        super().__init__(count, thread_name_prefix=name)
        self._counting = threading.Lock()
        self.waiting = 0

    def submit(
        self,
        fn: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Future[Result]:
        def begin() -> Result:
            self._count(-1)
            return fn(*args, **kwargs)

        self._count(1)
        try:
            future = super().submit(begin)
        except BaseException:  # It takes no more work.
            self._count(-1)
            raise
        future.add_done_callback(self._given_up)
        return future

    def _given_up(self, future: Future[Result]) -> None:
        # One that has begun can no longer be cancelled.
        if future.cancelled():
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._counting:
            self.waiting += change
