"""What other processes tell through the database, brought to the event loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from bot.inflight import ClosingError
from bot.services import Services, catch_up
from bot.store.notices import CHANNEL, Notice
from retrieval.errors import FootnoteError

log = logging.getLogger(__name__)

_AGAIN_S: Final = 2.0
"""Seconds until it is listened again where nobody foresaw that it ended."""

Listen = Callable[[str, Callable[[str | None], None], threading.Event], None]
"""Tells what is notified on a channel, and ``None`` where something may have been missed, until an
event is set. Blocks, and raises nothing."""


async def hear(
    listen: Listen, channel: str, heard: Callable[[frozenset[str | None]], Awaitable[None]]
) -> None:
    """Pass on what is told on a channel, until cancelled.

    What is told while the last of it is still being attended to is passed on together, and what
    is told twice once.

    Args:
        heard: ``None`` is among it where something may have been told that was not heard. Where it
            fails, all counts as unheard, and is tried again with what is told next.
    """
    loop = asyncio.get_running_loop()
    told: set[str | None] = set()
    is_news = asyncio.Event()
    stop = threading.Event()

    def take(payload: str | None) -> None:
        told.add(payload)
        is_news.set()

    def tell(payload: str | None) -> None:
        # Where the loop has ended, nobody wants to know.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(take, payload)

    def keep_listening() -> None:
        while not stop.is_set():
            try:
                listen(channel, tell, stop)
            except Exception:  # The thread goes on: nobody would begin another.
                log.exception("Unforeseen error in listening to other processes")
                # What is notified until it is listened again is not known, which it then tells.
                stop.wait(_AGAIN_S)

    # It ends a moment after it is told to, which nobody need wait for.
    threading.Thread(target=keep_listening, name="listening", daemon=True).start()
    try:
        while True:
            await is_news.wait()
            is_news.clear()
            news = frozenset(told)
            told.clear()
            try:
                await heard(news)
            except ClosingError:
                pass  # Whoever stops the bot also ends this.
            except FootnoteError as error:
                log.warning("What other processes have changed cannot be read: %s", error)
                told.add(None)
            except Exception:  # One change that cannot be read is not to end the bot.
                log.exception("Unforeseen error in what other processes have told")
                told.add(None)
    finally:
        stop.set()


async def follow(
    listen: Listen, services: Services, refresh: Callable[[], Awaitable[None]]
) -> None:
    """Serve what other processes change as soon as they tell of it, until cancelled.

    Args:
        refresh: Serves what was changed in collections.
    """

    async def heard(news: frozenset[str | None]) -> None:
        for payload in news:
            await catch_up(services, payload)
        # What is changed while the articles are being opened is looked for afterwards anyway.
        if services.library.is_open and any(_is_of_collection(payload) for payload in news):
            await refresh()

    await hear(listen, CHANNEL, heard)


def _is_of_collection(payload: str | None) -> bool:
    return payload is None or Notice.of(payload) is None
