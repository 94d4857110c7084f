"""From a question to a message: what every way of asking has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.conversations import Conversations, Place
from bot.library import Library
from bot.rendering.discord import Reply, render_answer
from retrieval.conversation import Turn


@dataclass(frozen=True, slots=True)
class Exchange:
    """A reply that is ready to be sent, and the conversation up to and with it."""

    reply: Reply
    turns: tuple[Turn, ...]


class Answering:
    """Answers questions in the light of the conversation they stand in."""

    def __init__(self, library: Library, conversations: Conversations) -> None:
        self._library = library
        self._conversations = conversations

    def history(self, places: Sequence[Place]) -> tuple[Turn, ...]:
        """What was said before, at the first of these places where anything was."""
        return self._conversations.turns(places)

    async def answer(
        self,
        question: str,
        history: Sequence[Turn],
        server: int | None,
        *,
        with_question: bool,
    ) -> Exchange:
        """Answer a question, and make the message of it off the event loop.

        Args:
            server: Where it was asked; ``None`` outside of servers, where only what all of them
                share is quoted.

        Raises:
            FootnoteError: The question holds nothing to look for, or the corpus cannot be asked.
        """
        answer = await self._library.ask(question, history, server)
        reply = await self._library.work(
            partial(render_answer, answer, with_question=with_question)
        )
        return Exchange(reply, (*history, Turn.of(answer)))

    def remember(self, exchange: Exchange, places: Sequence[Place]) -> None:
        """Let the conversation be gone on with at these places, once the reply is sent."""
        self._conversations.remember(places, exchange.turns)
