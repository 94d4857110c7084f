"""Questions in ordinary messages: a mention, a reply to the bot's answer, a direct message."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import discord

from bot.answering import Answering
from bot.conversations import Place
from bot.failures import UNDELIVERABLE
from bot.rendering.discord import earlier_turn
from retrieval.conversation import Turn

_MENTION: Final = re.compile(r"<(?:@[!&]?|#|a?:\w{1,40}:)\d{1,25}>")
_TYPING_LASTS: Final = 8.0
_FIRST_TYPING_TAKES: Final = 1.0

HINT: Final = (
    "Ask me in the same message, for example: {mention} What happened in Benghazi?\n"
    "I answer with quotes from the articles I know; /sources lists them."
)
NO_EMBEDS: Final = (
    "I may not show quotes here. Someone who manages this channel can give me the permission "
    "“Embed Links”; until then, /ask works."
)


def question_in(message: discord.Message) -> str:
    """What a message asks, without mentions and custom emoji; empty where nothing is left."""
    return " ".join(_MENTION.sub(" ", message.content).split())


def is_for(message: discord.Message, me: discord.abc.User) -> bool:
    """Whether a person addressed the bot: in a direct message, by a mention or a pinging reply.

    ``Message.mentions`` and not ``mentioned_in``, which is true for @everyone too.
    """
    if message.author.bot or message.webhook_id is not None:
        return False
    if message.type not in (discord.MessageType.default, discord.MessageType.reply):
        return False
    return message.guild is None or any(user.id == me.id for user in message.mentions)


class MessageAnswerer:
    """Answers messages that address the bot."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    async def answer(self, message: discord.Message, me: discord.ClientUser) -> None:
        """Reply to a message with quotes, or with a hint where it asks nothing.

        Raises:
            FootnoteError: There is no answer to be had; the text says why.
        """
        question = question_in(message)
        if not question:
            await _reply(message, HINT.format(mention=me.mention))
            return
        if not _may_embed(message):
            await _reply(message, NO_EMBEDS)
            return
        async with _typing(message.channel):
            history = await self._history(message, me)
            server = message.guild.id if message.guild else None
            exchange = await self._answering.answer(question, history, server, with_question=False)
        sent = await _reply(message, exchange.reply.content, list(exchange.reply.embeds))
        self._answering.remember(exchange, [Place("message", sent.id), *_channel_place(message)])

    async def _history(self, message: discord.Message, me: discord.ClientUser) -> tuple[Turn, ...]:
        replied_to = _replied_to(message)
        if replied_to is None:
            return self._answering.history(_channel_place(message))
        known = self._answering.history([Place("message", replied_to)])
        return (
            known
            or await _read_back(message, me)
            or self._answering.history(_channel_place(message))
        )


def _replied_to(message: discord.Message) -> int | None:
    """The message that is replied to. One that is forwarded may come from another server."""
    reference = message.reference
    if reference is None or reference.type is not discord.MessageReferenceType.reply:
        return None
    return reference.message_id if reference.channel_id == message.channel.id else None


def _channel_place(message: discord.Message) -> list[Place]:
    return conversation_in(message.channel)


def conversation_in(channel: Any) -> list[Place]:
    """The conversation that a thread or a direct channel is; an ordinary channel holds many."""
    if isinstance(channel, discord.Thread | discord.DMChannel):
        return [Place("channel", channel.id)]
    return []


async def _read_back(message: discord.Message, me: discord.ClientUser) -> tuple[Turn, ...]:
    """The turn that is replied to, from the messages themselves: after a restart nothing else
    knows of it.

    A slash answer shows its question; any other is a reply to the message that asked.
    """
    answer = message.reference.resolved if message.reference else None
    if not isinstance(answer, discord.Message) or answer.author.id != me.id:
        return ()
    turn = earlier_turn(answer)
    if turn is None and answer.reference is not None and answer.reference.message_id is not None:
        try:
            asked = await message.channel.fetch_message(answer.reference.message_id)
        except UNDELIVERABLE:
            # The question was deleted, or may not be read: then this one stands alone.
            return ()
        turn = earlier_turn(answer, question_in(asked))
    return (turn,) if turn else ()


def _may_embed(message: discord.Message) -> bool:
    guild = message.guild
    if guild is None or guild.me is None or isinstance(message.channel, discord.PartialMessageable):
        return True
    return message.channel.permissions_for(guild.me).embed_links


async def _reply(
    message: discord.Message, content: str, embeds: list[discord.Embed] | None = None
) -> discord.Message:
    # The question may be gone by now; the answer is then sent all the same.
    return await message.channel.send(
        content or None,
        embeds=embeds or [],
        reference=message.to_reference(fail_if_not_exists=False),
    )


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
