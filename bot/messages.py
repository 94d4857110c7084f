"""Questions in ordinary messages: a mention, a reply to the bot's answer, a direct message."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import discord

from bot.admission import Admission, IgnoredError, TooOftenError
from bot.answering import Answering
from bot.asker import Asker
from bot.asking import Asking, Send, conversation_in
from bot.conversations import Place
from bot.failures import UNDELIVERABLE
from bot.hearing import Hearing, is_for, question_in
from bot.languages import t
from bot.observability.telemetry import Telemetry
from bot.rendering.layout import turn_of
from bot.rendering.sanitize import plain
from bot.store import Style
from bot.views.answers.showing import show_view
from retrieval.answers import Answer
from retrieval.conversation import Turn

_TYPING_LASTS: Final = 8.0
_FIRST_TYPING_TAKES: Final = 1.0
_THREAD_NAME: Final = 100


class MessageAnswerer:
    """Answers messages that address the bot, and questions that it is to overhear."""

    def __init__(
        self,
        answering: Answering,
        asking: Asking,
        admission: Admission,
        hearing: Hearing,
        telemetry: Telemetry,
    ) -> None:
        self._telemetry = telemetry
        self._answering = answering
        self._asking = asking
        self._admission = admission
        self._hearing = hearing

    async def hears(self, message: discord.Message, me: discord.ClientUser) -> bool:
        """Whether a message is to be answered."""
        return is_for(message, me) or await self._hearing.overhears(message, me)

    async def answer(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Reply to a message with quotes, or with a hint where it asks nothing.

        Whom a server ignores is not told so: others would read it each time.

        Raises:
            FootnoteError: There is no answer to be had; the text says why.
        """
        asker = Asker.of_message(message)
        self._hearing.answered(message)
        with contextlib.suppress(IgnoredError):
            settings = await self._admission.check(asker)
            question = question_in(message)
            if not question:
                await _reply(message, content=_hint(me))
            elif settings.style == "private" and message.guild is not None:
                note = t("Only you will see the answer.")
                await _reply(message, content=note, view=show_view(asker.person))
            else:
                with self._telemetry.question("message") as asked:
                    if await self._is_admitted(asker, message, me):
                        answer = await self._answer(message, me, asker, question, settings.style)
                        asked.is_answered_by(answer)
                    else:
                        asked.outcome = "too_often"

    async def _is_admitted(
        self, asker: Asker, message: discord.Message, me: discord.ClientUser
    ) -> bool:
        try:
            await self._admission.admit(asker)
        except TooOftenError:
            if is_for(message, me):
                raise
            # Nobody has asked the bot for anything.
            return False
        return True

    async def _answer(
        self,
        message: discord.Message,
        me: discord.ClientUser,
        asker: Asker,
        question: str,
        style: Style,
    ) -> Answer:
        async with _typing(message.channel):
            history = await self._history(asker, message, me)
            exchange = await self._answering.answer(question, history, asker)
        send: Send = partial(_reply, message)
        places: Sequence[Place] = conversation_in(message.channel)
        thread = await _thread_for(message, question) if style == "thread" else None
        if thread is not None:
            send, places = thread.send, conversation_in(thread)
        await self._asking.deliver(exchange, send, places)
        return exchange.answer

    async def _history(
        self, asker: Asker, message: discord.Message, me: discord.ClientUser
    ) -> tuple[Turn, ...]:
        here = conversation_in(message.channel)
        replied_to = _replied_to(message)
        if replied_to is None:
            return await self._answering.history(asker.server, here)
        known = await self._answering.history(asker.server, [Place("message", replied_to)])
        known = known or _read_back(message, me)
        return known or await self._answering.history(asker.server, here)


def _hint(me: discord.ClientUser) -> str:
    example = t(
        "Ask me in the same message, for example: {mention} What happened in Benghazi?",
        mention=me.mention,
    )
    how = t("I answer with quotes from the articles I know; /sources lists them.")
    return f"{example}\n{how}"


def _replied_to(message: discord.Message) -> int | None:
    """The message that is replied to. One that is forwarded may come from another server."""
    reference = message.reference
    if reference is None or reference.type is not discord.MessageReferenceType.reply:
        return None
    return reference.message_id if reference.channel_id == message.channel.id else None


def _read_back(message: discord.Message, me: discord.ClientUser) -> tuple[Turn, ...]:
    """The turn that is replied to, from the answer itself: after a restart nothing else knows."""
    answer = message.reference.resolved if message.reference else None
    if not isinstance(answer, discord.Message) or answer.author.id != me.id:
        return ()
    turn = turn_of(answer)
    return (turn,) if turn else ()


async def _thread_for(message: discord.Message, question: str) -> discord.Thread | None:
    """A new thread on a message; ``None`` where there can be none, or the bot may not open any."""
    if not isinstance(message.channel, discord.TextChannel):
        return None
    try:
        return await message.create_thread(name=plain(question, _THREAD_NAME))
    except UNDELIVERABLE:
        return None


async def _reply(
    message: discord.Message,
    *,
    content: str | None = None,
    view: discord.ui.View | discord.ui.LayoutView | None = None,
) -> discord.Message:
    # The question may be gone by now; the answer is then sent all the same.
    reference = message.to_reference(fail_if_not_exists=False)
    if view is None:
        return await message.channel.send(content, reference=reference)
    return await message.channel.send(content, view=view, reference=reference)  # type: ignore[arg-type]


@asynccontextmanager
async def _typing(channel: discord.abc.Messageable) -> AsyncIterator[None]:
    """Show that the bot is typing, beside the work and without ever failing it."""
    first_shown = asyncio.Event()

    async def keep_typing() -> None:
        try:
            while True:
                await channel.typing()
                first_shown.set()
                await asyncio.sleep(_TYPING_LASTS)
        except UNDELIVERABLE:
            first_shown.set()

    task = asyncio.create_task(keep_typing())
    try:
        yield
        # A sign that arrives after the answer would stay for seconds.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(first_shown.wait(), _FIRST_TYPING_TAKES)
    finally:
        task.cancel()
