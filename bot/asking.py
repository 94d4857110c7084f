"""Questions that are asked by a command, a button or a menu, and how any answer is sent."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import discord

from bot.access import is_at_home
from bot.admission import Admission
from bot.answering import Answering, Exchange
from bot.asker import Asker
from bot.conversations import Place
from bot.inflight import InFlight
from bot.library import Library
from bot.observability.outcomes import way_of
from bot.observability.telemetry import Telemetry
from bot.speaking import speak_publicly
from bot.views.answers import answer_view, plain_answer
from bot.within import Within
from retrieval.conversation import Turn

log = logging.getLogger(__name__)

_BAD_REQUEST = 400

Send = Callable[..., Awaitable[discord.Message]]
"""Sends a message with the ``view`` and the ``content`` that it is given."""
History = Callable[[], Awaitable[Sequence[Turn]]]
"""Finds what was said before, which may take a while."""


class Asking:
    """Answers interactions."""

    def __init__(
        self,
        library: Library,
        answering: Answering,
        admission: Admission,
        in_flight: InFlight,
        telemetry: Telemetry,
    ) -> None:
        self._telemetry = telemetry
        self._library = library
        self._answering = answering
        self._admission = admission
        self._in_flight = in_flight

    async def respond(
        self,
        interaction: discord.Interaction[Any],
        question: str,
        *,
        history: Sequence[Turn] | History | None = None,
        within: Within | None = None,
        only: str = "",
        is_private: bool | None = None,
    ) -> None:
        """Answer a question as the first response to an interaction.

        Args:
            history: What was said before, or what finds it once the question is acknowledged; of
                this person in this channel where not given.
            within: Which articles may be quoted, and ``only`` says so in words.
            is_private: Only the asker sees the answer; as the server has chosen where not given.

        Raises:
            FootnoteError: There is no answer to be had; the text says why.
        """
        asker = Asker.of_interaction(interaction)
        with self._telemetry.question(way_of(interaction)) as asked:
            settings = await self._admission.admit(asker)
            if is_private is None:
                is_private = settings.style == "private"
            # Before it is acknowledged: what somebody was told to wait for is answered.
            with self._in_flight:
                with self._telemetry.stage("acknowledge"):
                    await interaction.response.defer(thinking=True, ephemeral=is_private)
                if not is_private:
                    await speak_publicly(interaction)
                places = _places(interaction)
                if history is None:
                    history = partial(self._answering.history, asker.server, places)
                exchange = await self._answering.answer(
                    question,
                    await history() if callable(history) else history,
                    asker,
                    within=within,
                    only=only,
                    is_private=is_private,
                )
                await self.deliver(
                    exchange,
                    # Unlike a follow-up, that is tried again when a connection breaks.
                    interaction.edit_original_response,
                    # Going on from it elsewhere would show others what only one person has asked.
                    [] if is_private else places,
                )
                asked.is_answered_by(exchange.answer)

    async def deliver(
        self, exchange: Exchange, send: Send, places: Sequence[Place] = ()
    ) -> discord.Message:
        """Send an answer, and let it be gone on from there and from ``places``.

        Where Discord refuses a message of components it is sent as plain text, without buttons
        where it refuses those too.
        """
        with self._telemetry.stage("render"):
            view = await self._library.work(partial(answer_view, exchange))
        with self._telemetry.stage("send"):
            try:
                message = await send(view=view)
            except discord.HTTPException as error:
                _check_refused(error)
                message = await self._send_plainly(exchange, send)
        await self._answering.sent(exchange, message.channel.id, message.id, places)
        return message

    async def _send_plainly(self, exchange: Exchange, send: Send) -> discord.Message:
        text, buttons = await self._library.work(partial(plain_answer, exchange))
        try:
            return await send(content=text, view=buttons)
        except discord.HTTPException as error:
            _check_refused(error)
            return await send(content=text)


def _check_refused(error: discord.HTTPException) -> None:
    """Raise an error that is of another kind than that Discord refuses what a message holds."""
    if error.status != _BAD_REQUEST:
        raise error
    log.warning("An answer is sent as plain text: %s", error)


def conversation_in(channel: Any) -> list[Place]:
    """The conversation that a thread or a direct channel is; an ordinary channel holds many."""
    if isinstance(channel, discord.Thread | discord.DMChannel):
        return [Place("channel", channel.id)]
    return []


def _places(interaction: discord.Interaction[Any]) -> list[Place]:
    if interaction.channel_id is None:
        return []
    # A direct channel between two people is not one with the bot: each of them asks for themselves.
    here = conversation_in(interaction.channel) if is_at_home(interaction) else []
    return here or [Place("person", interaction.channel_id, interaction.user.id)]
