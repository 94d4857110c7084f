"""From a question to an answer: what every way of asking has in common."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from bot.asker import Asker
from bot.conversations import Conversations, Place
from bot.library import Library
from bot.observability.telemetry import Telemetry
from bot.store import Store
from bot.within import Within
from retrieval.answers import Answer
from retrieval.conversation import Turn
from retrieval.errors import StorageError
from retrieval.languages import language_of

log = logging.getLogger(__name__)

_KEEPING_TAKES: Final = 3.0
"""Seconds for which an answer waits until it is kept."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Exchange:
    """An answer that is ready to be shown, and the conversation up to and with it.

    Attributes:
        asked: By which the store knows the question; ``None`` where it could not be kept.
        threshold: The confidence from which a question counts as answered.
        within: Which articles it was answered from, and ``only`` says so to people.
        is_private: Only the asker sees the answer.
    """

    answer: Answer
    turns: tuple[Turn, ...]
    asker: Asker
    asked: int | None
    threshold: float
    within: Within
    only: str
    is_private: bool


class Answering:
    """Answers questions in the light of the conversation they stand in, and has them kept.

    What goes wrong with keeping them costs no answer: it is logged.
    """

    def __init__(
        self, library: Library, conversations: Conversations, store: Store, telemetry: Telemetry
    ) -> None:
        self._telemetry = telemetry
        self._library = library
        self._conversations = conversations
        self._store = store

    async def history(self, server: int | None, places: Sequence[Place]) -> tuple[Turn, ...]:
        """What was said before, at the first of a server's places where anything was."""
        return await self._conversations.turns(server, places)

    async def answer(
        self,
        question: str,
        history: Sequence[Turn],
        asker: Asker,
        *,
        within: Within | None = None,
        only: str = "",
        is_private: bool = False,
    ) -> Exchange:
        """Answer a question and keep it.

        Args:
            within: Which articles may be quoted; all that the asker may see where not given.
            only: The same in words.
            is_private: Only the asker will see the answer.

        Raises:
            FootnoteError: The question holds nothing to look for, or the corpus cannot be asked.
        """
        within = within or Within()
        asking = self._library.ask(question, history, asker.server, within=within.test)
        answer = await self._telemetry.answering(asking)
        asked = await self._kept(partial(self._record, answer, asker))
        return Exchange(
            answer=answer,
            turns=(*history, Turn.of(answer)),
            asker=asker,
            asked=asked,
            threshold=self._library.threshold,
            within=within,
            only=only,
            is_private=is_private,
        )

    async def sent(
        self, exchange: Exchange, channel: int, message: int, places: Sequence[Place] = ()
    ) -> None:
        """Keep where an answer is, and let it be gone on from there and from ``places``."""
        server, person = exchange.asker.server, exchange.asker.person
        await self._conversations.remember(
            server, [Place("message", message), *places], exchange.turns, person
        )
        if exchange.asked is not None:
            await self._kept(partial(self._store.place, server, exchange.asked, channel, message))

    async def go_on_from(self, asker: Asker, message: int, turns: Sequence[Turn]) -> None:
        """Let a person's conversation be gone on with by a reply to another message."""
        await self._conversations.remember(
            asker.server, [Place("message", message)], turns, asker.person
        )

    def _record(self, answer: Answer, asker: Asker) -> int:
        quoted = answer.quotes or answer.nearest
        return self._store.record(
            server=asker.server,
            channel=asker.channel,
            person=asker.person,
            question=answer.question,
            answered=answer.answered,
            confidence=answer.confidence,
            articles=[quote.article.id for quote in quoted] if answer.answered else (),
            language=language_of(answer.question).code,
        )

    async def _kept(self, work: Callable[[], Result]) -> Result | None:
        try:
            return await asyncio.wait_for(asyncio.to_thread(work), _KEEPING_TAKES)
        except (StorageError, TimeoutError) as error:
            log.warning("What was asked is not kept: %s", str(error) or "it takes too long")
            return None
