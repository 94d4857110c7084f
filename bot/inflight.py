"""What is being answered right now, so that stopping can wait for it."""

from __future__ import annotations

import asyncio
from types import TracebackType

from bot.languages import t
from retrieval.errors import FootnoteError


class ClosingError(FootnoteError):
    """The bot is being stopped."""

    def __init__(self) -> None:
        super().__init__(t("I am being restarted."), remedy=t("Try again in a minute."))


class InFlight:
    """Counts the work in progress: ``with in_flight: …`` around each answer.

    After ``close`` that raises ``ClosingError``: what is in progress is finished, nothing begun.
    """

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    def close(self) -> None:
        """Let nothing new begin."""
        self._closed = True

    @property
    def is_closed(self) -> bool:
        """Whether nothing new may begin."""
        return self._closed

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return True  # However little is in progress.

    def __enter__(self) -> None:
        if self._closed:
            raise ClosingError
        self._count += 1
        self._idle.clear()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._count -= 1
        if not self._count:
            self._idle.set()

    async def wait_until_idle(self, timeout: float) -> bool:
        """Wait until all work is done, for at most ``timeout`` seconds; says whether it is."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except TimeoutError:
            return False
        return True
