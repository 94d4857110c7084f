"""Questions before everything else: how indexing makes room for whoever is asking."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Final

_STILL_ASKED: Final = 1.0
"""Seconds for which one question announces the next."""
_NICENESS: Final = 10
"""Of 19: the system gives such a thread about a tenth of a processor that another one wants."""


class Priority:
    """Knows whether questions are being asked. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counting = threading.Lock()
        self._one = threading.Lock()
        self._asking = 0
        self._asked = float("-inf")

    @contextmanager
    def question(self) -> Iterator[None]:
        """While a question is encoded."""
        with self._counting:
            self._asking += 1
        try:
            yield
        finally:
            with self._counting:
                self._asking -= 1
                self._asked = self._clock()

    @property
    def is_asked(self) -> bool:
        """Whether a question is being encoded, or was a moment ago."""
        return self._asking > 0 or self._clock() - self._asked < _STILL_ASKED

    def background(self) -> AbstractContextManager[object]:
        """While something is done that can wait: by one thread at a time if questions are asked."""
        return self._one if self.is_asked else nullcontext()


def processors() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def give_way() -> None:
    """Have the system prefer every other thread to this one, where it knows such a preference."""
    if sys.platform == "linux":  # Elsewhere niceness is the whole process's.
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
