"""What every command, button and message is answered with, put together once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.access import Access
from bot.conversations import Conversations, LocalConversations
from bot.inflight import InFlight
from bot.insights import Merger
from bot.languages import Catalogs
from bot.library import Library
from bot.limits import Limiter, LocalLimiter
from bot.locales import Locales
from bot.observability.reach import Reach
from bot.observability.telemetry import Telemetry, make_telemetry
from bot.registration import FileRegistrations, Registrations
from bot.settings import Settings
from bot.store import Store
from bot.store.notices import Notice
from retrieval.limits import Limits

if TYPE_CHECKING:
    from bot.store.postgres import PostgresPeople
    from retrieval.postgres.servers import Servers


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
        registrations: Which commands the bot registered last.
        clock: Seconds that only ever grow.
        locales: Of people who did something that tells theirs.
        merger: Finds which of the questions without an answer mean the same.
        telemetry: What is measured of questions.
        reach: Whether the database that processes share can be reached; ``None`` without one.
    """

    library: Library
    conversations: Conversations
    store: Store
    limiter: Limiter
    access: Access
    limits: Limits
    registrations: Registrations
    grace: timedelta = timedelta(days=7)
    reads_messages: bool = False
    clock: Callable[[], float] = time.monotonic
    catalogs: Catalogs = field(default_factory=Catalogs)
    locales: Locales = field(default_factory=Locales)
    in_flight: InFlight = field(default_factory=InFlight)
    merger: Merger = field(default_factory=Merger)
    telemetry: Telemetry = field(default_factory=Telemetry)
    reach: Reach | None = None


def make_services(
    settings: Settings,
    library: Library,
    clock: Callable[[], float] = time.monotonic,
    postgres: Servers | None = None,
) -> Services:
    """The parts as the settings describe them.

    Args:
        clock: Seconds that only ever grow.
        postgres: Where everything is kept in PostgreSQL.
    """
    people = _people(settings, postgres)
    store = _store(settings, people)
    conversations: Conversations = LocalConversations(clock)
    limiter: Limiter = LocalLimiter(clock)
    registrations: Registrations = FileRegistrations(settings.data_dir / "discord")
    if people is not None:
        from bot.store.postgres import SharedConversations, SharedLimiter, SharedRegistrations

        limiter = SharedLimiter(people)
        registrations = SharedRegistrations(people)
        # Where no question's text is to be kept, those of a conversation stay in memory.
        if settings.keep_questions:
            conversations = SharedConversations(people)
    return Services(
        library=library,
        conversations=conversations,
        store=store,
        limiter=limiter,
        access=Access(library, settings.operators, store),
        limits=settings.limits,
        registrations=registrations,
        grace=timedelta(days=settings.grace_days),
        reads_messages=settings.message_content,
        clock=clock,
        telemetry=make_telemetry(settings),
        reach=None if postgres is None else Reach(postgres.are_reached),
    )


def make_store(settings: Settings, postgres: Servers | None = None) -> Store:
    """The store that the settings describe, opened at its first use."""
    return _store(settings, _people(settings, postgres))


def _people(settings: Settings, postgres: Servers | None) -> PostgresPeople | None:
    if postgres is None:
        return None
    from bot.store.postgres import PostgresPeople

    return PostgresPeople(postgres, keep_text=settings.keep_questions)


def _store(settings: Settings, people: PostgresPeople | None) -> Store:
    return Store(
        settings.data_dir,
        keep_text=settings.keep_questions,
        retention=timedelta(days=settings.retention_days),
        clock=lambda: datetime.now(UTC),
        database=people,
    )


async def catch_up(services: Services, payload: str | None) -> None:
    """Take notice of what another process has told on ``bot.store.notices.CHANNEL``.

    Args:
        payload: ``None`` where something may have been told that was not heard.
    """
    if payload is None:
        # Whom another process has forgotten meanwhile was perhaps not told.
        services.locales.clear()
        if isinstance(services.conversations, LocalConversations):
            services.conversations.clear()
        await asyncio.to_thread(services.store.follow)
    elif (notice := Notice.of(payload)) is None:
        return
    elif notice.kind == "settings":
        await asyncio.to_thread(services.store.follow, notice.id)
    else:
        services.locales.forget(notice.id)
        if isinstance(services.conversations, LocalConversations):
            await services.conversations.forget(notice.id)
