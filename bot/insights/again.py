"""Answer questions again where they were asked, once the articles hold what was missing."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

import discord

from bot.asker import Asker
from bot.failures import UNDELIVERABLE
from bot.languages import language_for
from bot.store import Asked
from retrieval.errors import FootnoteError

if TYPE_CHECKING:
    from bot.client import FootnoteClient

log = logging.getLogger(__name__)

_MOST: Final = 10
"""Answers that one press of a button may bring."""


async def answer_again(
    client: FootnoteClient, guild: discord.Guild, questions: Iterable[Asked], language: str | None
) -> int:
    """Reply to the answers that there were, where there is a better one now.

    Nobody is pinged. What was answered to one person alone is not answered before others, and
    where the message is gone or the bot may no longer write, nothing is.

    Args:
        language: That of the server; that of its Discord community where not given.

    Returns:
        How many were answered.
    """
    spoken = language or language_for(str(guild.preferred_locale))
    done: set[tuple[int, str]] = set()
    for asked in questions:
        # In one channel, the same words need one answer.
        key = (asked.channel, (asked.question or "").casefold())
        if len(done) >= _MOST or key in done:
            continue
        try:
            with client.services.catalogs.speaking(spoken):
                if await _answer(client, guild, asked):
                    done.add(key)
        except FootnoteError as error:
            log.info("A question is not answered again: %s", error)
        except UNDELIVERABLE as error:
            log.info("A question cannot be answered again where it was asked: %s", error)
    return len(done)


async def _answer(client: FootnoteClient, guild: discord.Guild, asked: Asked) -> bool:
    if asked.question is None or asked.message is None or asked.server != guild.id:
        return False
    channel = guild.get_channel_or_thread(asked.channel) or await guild.fetch_channel(asked.channel)
    if not isinstance(channel, discord.abc.Messageable):
        return False
    # One that only the asker saw cannot be fetched.
    earlier = await channel.fetch_message(asked.message)
    if client.user is None or earlier.author.id != client.user.id:
        return False
    # Looked for first: ``answering`` keeps what it is asked, and puts it on the list.
    if not (await client.library.ask(asked.question, server=guild.id)).answered:
        return False
    asker = Asker(server=guild.id, channel=asked.channel, person=asked.person or 0)
    exchange = await client.answering.answer(asked.question, (), asker)
    await client.asking.deliver(
        exchange,
        partial(channel.send, reference=earlier.to_reference(fail_if_not_exists=False)),
    )
    return True
