"""Which messages the bot answers: those to it, and questions where a server wants all answered."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Final

import discord

from bot.admission import Admission
from bot.languages import LANGUAGES
from bot.store import ServerSettings
from retrieval.languages import Language, language_of
from retrieval.questions import is_question

_MENTION: Final = re.compile(r"<(?:@[!&]?|#|a?:\w{1,40}:)\d{1,25}>")
_LIKELY: Final = frozenset(map(Language, LANGUAGES))
_THREADS: Final = 10_000


def question_in(message: discord.Message) -> str:
    """What a message asks, without mentions and custom emoji; empty where nothing is left.

    What a forum's post asks is in its title too.
    """
    title = getattr(message.channel, "name", "") if is_post(message) else ""
    return " ".join(_MENTION.sub(" ", f"{title}\n{message.content}").split())


def is_post(message: discord.Message) -> bool:
    """Whether a message is the first of a forum's post."""
    channel = message.channel
    return isinstance(channel, discord.Thread) and message.id == channel.id


def is_for(message: discord.Message, me: discord.abc.User) -> bool:
    """Whether a person addressed the bot: in a direct message, by a mention or a pinging reply.

    ``Message.mentions`` and not ``mentioned_in``, which is true for @everyone too.
    """
    if not _is_of_a_person(message):
        return False
    return message.guild is None or any(user.id == me.id for user in message.mentions)


class Hearing:
    """Listens where a server wants that, and is silent where people talk to each other.

    Args:
        reads_messages: Whether Discord shows the bot messages that do not address it.
    """

    def __init__(self, admission: Admission, *, reads_messages: bool) -> None:
        self._admission = admission
        self._reads_messages = reads_messages
        self._last: OrderedDict[int, int] = OrderedDict()
        """By thread who spoke last, as long as the bot has not answered them."""

    async def overhears(self, message: discord.Message, me: discord.abc.User) -> bool:
        """Whether a message that does not address the bot is a question that it is to answer."""
        if not self._reads_messages or message.guild is None or not _is_of_a_person(message):
            return False
        settings = await self._admission.settings(message.guild.id)
        if not _listens_in(message.channel, settings, me):
            return False
        among_others = self._is_among_others(message)
        return not among_others and not _is_to_another(message, me) and _asks(message)

    def answered(self, message: discord.Message) -> None:
        """Take note that a message was answered: the bot is in the conversation."""
        self._last.pop(message.channel.id, None)

    def _is_among_others(self, message: discord.Message) -> bool:
        """Whether the two latest messages in a thread are two people's, and none was answered."""
        if not isinstance(message.channel, discord.Thread):
            return False
        before = self._last.pop(message.channel.id, None)
        self._last[message.channel.id] = message.author.id
        while len(self._last) > _THREADS:
            self._last.popitem(last=False)
        return before is not None and before != message.author.id


def _is_of_a_person(message: discord.Message) -> bool:
    if message.author.bot or message.webhook_id is not None:
        return False
    return message.type in (discord.MessageType.default, discord.MessageType.reply)


def _listens_in(channel: object, settings: ServerSettings, me: discord.abc.User) -> bool:
    """Whether questions there need no mention: in channels and forums that were chosen, and in
    threads that the bot has opened."""
    if isinstance(channel, discord.Thread):
        return (
            channel.owner_id == me.id
            or channel.parent_id in settings.auto_forums
            or channel.parent_id in settings.auto_channels
        )
    return getattr(channel, "id", None) in settings.auto_channels


def _is_to_another(message: discord.Message, me: discord.abc.User) -> bool:
    """Whether a message replies to another person or mentions one, or everybody."""
    if message.mention_everyone or message.role_mentions:
        return True
    if any(user.id not in (me.id, message.author.id) for user in message.mentions):
        return True
    reference = message.reference
    if reference is None or message.type is not discord.MessageType.reply:
        return False
    replied_to = reference.resolved
    if not isinstance(replied_to, discord.Message):
        return True
    return replied_to.author.id not in (me.id, message.author.id)


def _asks(message: discord.Message) -> bool:
    said = _MENTION.sub(" ", message.content)
    if is_post(message):
        return any(map(_is_question, (question_in(message), said)))
    if not said.strip():
        return False
    return _is_question(said)


def _is_question(text: str) -> bool:
    return is_question(text, language_of(text, _LIKELY))
