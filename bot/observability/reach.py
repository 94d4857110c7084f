"""Whether what questions are answered from can be reached."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

log = logging.getLogger(__name__)

_LOOK_S: Final = 2.0
"""Seconds between two looks."""
_TRUSTED_S: Final = 10.0
"""For so many seconds after it was seen it is taken to be there: a look may take that long."""


class Reach:
    """Looks for a database now and then, so that whoever asks need not wait for it.

    Args:
        look: Whether it answers. May block, in a thread of its own.
        every: Seconds between two looks.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self,
        look: Callable[[], bool],
        *,
        every: float = _LOOK_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._every = every
        self._clock = clock
        self._seen_at: float | None = None

    @property
    def is_there(self) -> bool:
        """Whether it was seen lately."""
        return self._seen_at is not None and self._clock() - self._seen_at < _TRUSTED_S

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look within the block."""
        stop = threading.Event()
        # It ends a moment after it is told to, which nobody need wait for.
        threading.Thread(target=self._watch, args=(stop,), name="reach", daemon=True).start()
        try:
            yield
        finally:
            stop.set()

    def _watch(self, stop: threading.Event) -> None:
        while not stop.is_set():
            # The time before the look: as old as that is what it shows.
            at = self._clock()
            try:
                found = self._look()
            except Exception:  # The thread goes on: nobody would begin another.
                log.exception("Unforeseen error in looking for the database")
                found = False
            self._seen_at = at if found else None
            stop.wait(self._every)
