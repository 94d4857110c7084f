"""Waiting for the database beside the event loop, and not for longer than an answer can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from retrieval.errors import StorageError

log = logging.getLogger(__name__)

_THREADS: Final = 4

T = TypeVar("T")


class Threads:
    """A few threads of their own: where the database is away, nobody else waits for one.

    Args:
        failing: What does not happen without the database, for the log.
        within: Seconds after which its answer is not waited for.
    """

    def __init__(self, failing: str, within: float) -> None:
        self._failing = failing
        self._within = within
        self._executor = ThreadPoolExecutor(_THREADS, "database")
        self._is_away = False

    async def run(self, work: Callable[[], T]) -> T:
        """What work gives, however long it takes.

        Raises:
            StorageError: The database cannot be used.
        """
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def attempt(self, work: Callable[[], T]) -> T | None:
        """What work gives; ``None`` where the database cannot be used in time, which is logged."""
        try:
            done = await asyncio.wait_for(self.run(work), self._within)
        except (StorageError, TimeoutError) as error:
            if not self._is_away:
                log.warning("%s: %s", self._failing, str(error) or "the database takes too long")
            self._is_away = True
            return None
        self._is_away = False
        return done
