"""Whether a question is answered at all: not too often, and not where a server does not want it."""

from __future__ import annotations

import asyncio
import logging
import math
from functools import partial
from typing import Final

from bot.asker import Asker
from bot.languages import t, tn
from bot.limits import Limiter
from bot.store import ServerSettings, Store
from retrieval.errors import FootnoteError, StorageError

log = logging.getLogger(__name__)

_SETTINGS_TAKE: Final = 1.5
"""Seconds after which a server's settings are not waited for: an acknowledgement is due."""


class TooOftenError(FootnoteError):
    """There were more questions in a minute than a server allows."""

    def __init__(self, seconds: float) -> None:
        wait = max(1, math.ceil(seconds))
        super().__init__(
            t("Those were many questions in a short time."),
            remedy=tn("Ask again in {count} second.", "Ask again in {count} seconds.", wait),
        )


class IgnoredError(FootnoteError):
    """A server's managers do not want the bot to answer this person, or here."""

    def __init__(self) -> None:
        super().__init__(
            t("I do not answer here."),
            why=t("Those who manage this server have chosen so."),
            remedy=t("Ask them, or write to me directly."),
        )


class Admission:
    """Lets questions in, as each server has chosen."""

    def __init__(self, store: Store, limiter: Limiter) -> None:
        self._store = store
        self._limiter = limiter

    async def settings(self, server: int | None, within: float = _SETTINGS_TAKE) -> ServerSettings:
        """A server's settings; the usual ones where they cannot be read within some seconds."""
        # No thread is waited for where they are known: others may be waiting for the database.
        if (known := self._store.known_settings(server)) is not None:
            return known
        reading = asyncio.to_thread(partial(self._store.settings, server))
        try:
            return await asyncio.wait_for(reading, within)
        except (StorageError, TimeoutError) as error:
            log.warning("A server's settings cannot be read: %s", str(error) or "it takes too long")
            return ServerSettings()

    async def check(self, asker: Asker) -> ServerSettings:
        """Refuse those whom a server ignores; its settings.

        Raises:
            IgnoredError: This person, one of their roles or this channel is ignored.
        """
        settings = await self.settings(asker.server)
        if (
            asker.person in settings.ignored_members
            or asker.roles & settings.ignored_roles
            or asker.channels & settings.ignored_channels
        ):
            raise IgnoredError
        return settings

    async def admit(self, asker: Asker) -> ServerSettings:
        """Count a question, to be called before each; the settings of its server.

        Raises:
            IgnoredError: As for ``check``.
            TooOftenError: There were too many lately.
        """
        settings = await self.check(asker)
        wait = await self._limiter.take(asker.server, asker.channel, asker.person, settings)
        if wait is not None:
            raise TooOftenError(wait)
        return settings
