"""Waiting for something to become true, without polling and without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from .errors import LoopbackTimeoutError

T = TypeVar("T")


class Bell:
    """Rung at every change; who waits looks again at each ring.

    An `asyncio.Condition` would do, but ringing one needs its lock, hence an `await`: changes
    are made by plain functions here.
    """

    def __init__(self, situation: Callable[[], str] = lambda: "") -> None:
        self._rung = asyncio.Event()
        self._situation = situation

    def ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait_until(self, look: Callable[[], T | None], timeout: float, what: str) -> T:
        """The first truthy value that `look` returns.

        Raises `LoopbackTimeoutError`, which tells the situation, after `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while not (found := look()):
                    await self._rung.wait()
                return found
        except TimeoutError:
            raise LoopbackTimeoutError(
                f"waited {timeout:g} s for {what}. {self._situation()}".rstrip()
            ) from None
