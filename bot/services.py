"""What every command, button and message is answered with, put together once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.access import Access
from bot.conversations import Conversations
from bot.inflight import InFlight
from bot.languages import Catalogs
from bot.library import Library
from bot.limits import Limiter
from bot.settings import Settings
from bot.store import Store
from retrieval.limits import Limits


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that commands share.

    Attributes:
        library: What is asked; it may still be opening.
        conversations: What was said before.
        store: What people did, and what servers have chosen.
        limiter: How often people may ask.
        limits: Of what people add.
        reads_messages: Whether Discord shows the bot messages that do not address it.
        folder: Where the bot remembers which commands it registered.
        clock: Seconds that only ever grow.
    """

    library: Library
    conversations: Conversations
    store: Store
    limiter: Limiter
    access: Access
    limits: Limits
    folder: Path
    reads_messages: bool = False
    clock: Callable[[], float] = time.monotonic
    catalogs: Catalogs = field(default_factory=Catalogs)
    in_flight: InFlight = field(default_factory=InFlight)


def make_services(
    settings: Settings, library: Library, clock: Callable[[], float] = time.monotonic
) -> Services:
    """The parts as the settings describe them.

    Args:
        clock: Seconds that only ever grow.
    """
    return Services(
        library=library,
        conversations=Conversations(clock),
        store=make_store(settings),
        limiter=Limiter(clock),
        access=Access(library, settings.operators),
        limits=settings.limits,
        folder=settings.data_dir / "discord",
        reads_messages=settings.message_content,
        clock=clock,
    )


def make_store(settings: Settings) -> Store:
    """The store that the settings describe, opened at its first use."""
    return Store(
        settings.data_dir,
        keep_text=settings.keep_questions,
        retention=timedelta(days=settings.retention_days),
        clock=lambda: datetime.now(UTC),
    )
