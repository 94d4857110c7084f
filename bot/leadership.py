"""Which of several processes does what only one may do: tell Discord of the commands, ask pages
and feeds for news.

Without a database that processes share there is one process, and it is that one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from retrieval.errors import StorageError

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
"""Seconds between two looks at whether it is held still, or can be had now."""
_TRUSTED_S: Final = 10.0
"""For so many seconds after it was seen to be held it is taken to be."""
LEASE_S: Final = 15.0
"""After so many in which it was not looked at the database lets another process have it: nobody is
taken to lead by then."""


class Lock(Protocol):
    """A lock that one process of all has, until it lets go of it or is lost."""

    def acquire(self) -> bool:
        """Whether it is had now.

        Raises:
            StorageError: It cannot be told.
        """
        ...

    def holds(self) -> bool:
        """Whether it is still had."""
        ...

    def release(self) -> None:
        """Let go of it, if it is had."""
        ...


class Leadership:
    """Had by one process at a time; another has it seconds after that one has ended. Of one event
    loop.

    Args:
        lock: The lock of a name among all processes; ``None`` where this is the only one.
        look: Seconds between two looks at it.
        clock: Seconds that only ever grow.
    """

    def __init__(
        self,
        lock: Callable[[str], Lock] | None = None,
        *,
        look: float = LOOK_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = lock
        self._look = look
        self._clock = clock
        self._seen_at: float | None = None
        self._gaining: set[asyncio.Task[None]] = set()

    @property
    def is_held(self) -> bool:
        """Whether this process is the one."""
        if self._lock is None:
            return True
        return self._seen_at is not None and self._clock() - self._seen_at < _TRUSTED_S

    async def keep(self, name: str, gained: Callable[[], Awaitable[None]]) -> None:
        """Try to have it, until cancelled; then it is let go of.

        Args:
            name: Of what is led: processes of other names are no rivals.
            gained: Called whenever it was had by another before, or by none. Where this process is
                the only one it is not.
        """
        if self._lock is None:
            return
        loop = asyncio.get_running_loop()
        seen: asyncio.Queue[float | None] = asyncio.Queue()
        stop = threading.Event()

        def tell(at: float | None) -> None:
            # Where the loop has ended, nobody wants to know.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(seen.put_nowait, at)

        # A thread of its own: where the database does not answer, no other work waits behind it.
        thread = threading.Thread(
            target=self._watch, args=(self._lock(name), tell, stop), name="leadership", daemon=True
        )
        thread.start()
        try:
            while True:
                at = await seen.get()
                was_held = self.is_held
                self._seen_at = at
                if self.is_held and not was_held:
                    log.info("This process leads from now on")
                    task = asyncio.ensure_future(self._begin(gained))
                    # Kept, as the loop itself does not keep a task alive.
                    self._gaining.add(task)
                    task.add_done_callback(self._gaining.discard)
                elif was_held and not self.is_held:
                    log.warning("This process leads no longer")
        finally:
            self._seen_at = None
            stop.set()

    def _watch(
        self, lock: Lock, tell: Callable[[float | None], None], stop: threading.Event
    ) -> None:
        """Tell when the lock was seen to be held last, or that it is not."""
        reason = ""
        while not stop.is_set():
            # The time before the look: as old as that is what it shows.
            at = self._clock()
            try:
                tell(at if lock.holds() or lock.acquire() else None)
                reason = ""
            except StorageError as error:
                tell(None)
                if str(error) != reason:
                    reason = str(error)
                    log.warning("Which process leads cannot be told: %s", reason)
            except Exception as error:  # The thread goes on: nobody would begin another.
                tell(None)
                if repr(error) != reason:
                    reason = repr(error)
                    log.exception("Unforeseen error in what tells which process leads")
            stop.wait(self._look)
        lock.release()

    async def _begin(self, gained: Callable[[], Awaitable[None]]) -> None:
        try:
            await gained()
        except Exception:  # What leading is worth does not depend on its beginning.
            log.exception("Unforeseen error at the beginning of leading")
