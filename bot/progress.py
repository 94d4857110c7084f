"""Progress of long work, shown by editing a message now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from bot.failures import UNDELIVERABLE

log = logging.getLogger(__name__)

EDIT_EVERY: Final = 1.5
"""Seconds. Discord allows five edits in five seconds; a person reads one in two."""

Result = TypeVar("Result")


class Progress:
    """The latest ``(done, total)`` that a worker thread reported.

    The thread only replaces one reference, and the loop only reads it, so neither waits for the
    other, and a worker that reports a thousand times a second costs the loop nothing.
    """

    def __init__(self) -> None:
        self._latest = (0, 0)

    def __call__(self, done: int, total: int) -> None:
        self._latest = (done, total)

    @property
    def latest(self) -> tuple[int, int]:
        return self._latest


async def shown_while(
    work: Awaitable[Result],
    progress: Progress,
    show: Callable[[int, int], Awaitable[object]],
    every: float = EDIT_EVERY,
) -> Result:
    """The result of ``work``, with ``show`` called about every ``every`` seconds if there is news.

    A failure to show progress is logged and does not end the work.
    """
    task = asyncio.ensure_future(work)
    seen: tuple[int, int] | None = None
    try:
        while True:
            if progress.latest != seen:
                seen = progress.latest
                try:
                    await show(*seen)
                except UNDELIVERABLE as error:
                    log.warning("Progress could not be shown: %s", error)
            done, _ = await asyncio.wait({task}, timeout=every)
            if done:
                return task.result()
    finally:
        task.cancel()
