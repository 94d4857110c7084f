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
from bot.insights import Merger
from bot.languages import Catalogs
from bot.library import Library
from bot.limits import Limiter
from bot.locales import Locales
from bot.observability.telemetry import Telemetry, make_telemetry
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
        grace: After which what is kept of a server is deleted that the bot is no longer in.
        reads_messages: Whether Discord shows the bot messages that do not address it.
        folder: Where the bot remembers which commands it registered.
        clock: Seconds that only ever grow.
        locales: Of people who did something that tells theirs.
        merger: Finds which of the questions without an answer mean the same.
        telemetry: What is measured of questions.
    """

    library: Library
    conversations: Conversations
    store: Store
    limiter: Limiter
    access: Access
    limits: Limits
    folder: Path
    grace: timedelta = timedelta(days=7)
    reads_messages: bool = False
    clock: Callable[[], float] = time.monotonic
    catalogs: Catalogs = field(default_factory=Catalogs)
    locales: Locales = field(default_factory=Locales)
    in_flight: InFlight = field(default_factory=InFlight)
    merger: Merger = field(default_factory=Merger)
    telemetry: Telemetry = field(default_factory=Telemetry)


def make_services(
    settings: Settings, library: Library, clock: Callable[[], float] = time.monotonic
) -> Services:
    """The parts as the settings describe them.

    Args:
        clock: Seconds that only ever grow.
    """
    store = make_store(settings)
    return Services(
        library=library,
        conversations=Conversations(clock),
        store=store,
        limiter=Limiter(clock),
        access=Access(library, settings.operators, store),
        limits=settings.limits,
        folder=settings.data_dir / "discord",
        grace=timedelta(days=settings.grace_days),
        reads_messages=settings.message_content,
        clock=clock,
        telemetry=make_telemetry(settings),
    )


def make_store(settings: Settings) -> Store:
    """The store that the settings describe, opened at its first use."""
    return Store(
        settings.data_dir,
        keep_text=settings.keep_questions,
        retention=timedelta(days=settings.retention_days),
        clock=lambda: datetime.now(UTC),
    )
