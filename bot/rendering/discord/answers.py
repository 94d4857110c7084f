"""An answer as a Discord message, and what the bot reads back from one that it sent before."""

from __future__ import annotations

import re
from typing import Final

import discord

from bot.rendering.discord.quotes import quote_embed
from bot.rendering.discord.reply import ALL_EMBEDS, Reply
from bot.rendering.sanitize import inline, shown
from retrieval.answers import Answer
from retrieval.conversation import Turn

MAX_QUOTES: Final = 3

_NO_ANSWER: Final = "The articles do not answer that."
_NEAREST: Final = "The nearest passages, which may be about something else:"
_QUESTION: Final = "**Question:** "
_QUESTION_UNITS: Final = 1200
_EARLIER_UNITS: Final = 400
_QUOTE_UNITS: Final = 1900
_NEAREST_UNITS: Final = 650
_BOLD: Final = re.compile(r"\*\*((?:\\.|[^\\*])+)\*\*")


def render_answer(answer: Answer, *, with_question: bool) -> Reply:
    """Up to three quotes, or that there is no answer and what is nearest.

    Args:
        with_question: Show the question on top, where no message of the person does.
    """
    lines = []
    if with_question:
        lines.append(_QUESTION + inline(answer.question, _QUESTION_UNITS))
    if answer.follows:
        earlier = inline(answer.follows, _EARLIER_UNITS)
        lines.append(f"-# Understood with your earlier question: “{earlier}”")
    if answer.read_as:
        lines.append(f"-# Read as: “{inline(answer.read_as, _EARLIER_UNITS)}”")
    shown_quotes = (answer.quotes if answer.answered else answer.nearest)[:MAX_QUOTES]
    if not answer.answered:
        lines.append(f"{_NO_ANSWER} {_NEAREST}" if shown_quotes else _NO_ANSWER)
    limit = min(
        ALL_EMBEDS // max(1, len(shown_quotes)),
        _QUOTE_UNITS if answer.answered else _NEAREST_UNITS,
    )
    embeds = [quote_embed(quote, limit, is_answer=answer.answered) for quote in shown_quotes]
    return Reply("\n".join(lines), tuple(embeds))


def earlier_turn(message: discord.Message, question: str = "") -> Turn | None:
    """The turn that an answer of the bot was, read from the message itself.

    A conversation so goes on when the bot was restarted in between.

    Args:
        question: What was asked, where the message does not show it.
    """
    first = message.content.partition("\n")[0]
    if first.startswith(_QUESTION):
        question = shown(first.removeprefix(_QUESTION))
    if not question:
        return None
    quoted = ""
    if message.embeds and message.embeds[0].description:
        quoted = " ".join(shown(words) for words in _BOLD.findall(message.embeds[0].description))
    return Turn(question, quoted)
