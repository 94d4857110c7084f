"""A summary as a Discord message: the articles' own sentences, each with its place."""

from __future__ import annotations

from typing import Final

import discord

from bot.languages import t, tn
from bot.rendering.blockquote import block_quote
from bot.rendering.discord.quotes import article_title, source_line
from bot.rendering.discord.reply import ANSWER_COLOUR, DESCRIPTION, Reply
from bot.rendering.sanitize import inline, shortened, units
from retrieval.summaries import Summary

_SENTENCE_UNITS: Final = 1500
_NOTE_UNITS: Final = 100


def render_summary(summary: Summary) -> Reply:
    """The sentences in their order; those that do not fit are counted, not cut."""
    if not summary.quotes:
        return Reply(t("The articles hold no sentence that would make a summary."))
    parts: list[str] = []
    room = DESCRIPTION - _NOTE_UNITS
    one_article = len(summary.articles) == 1
    for quote in summary.quotes:
        sentence = shortened(quote.text, _SENTENCE_UNITS, block_quote)
        title = "" if one_article else f"{article_title(quote.article, 100)} · "
        part = f"{sentence}\n-# {title}{source_line(quote)}"
        if units(part) + 1 > room:
            break
        room -= units(part) + 1
        parts.append(part)
    if left := len(summary.quotes) - len(parts):
        more = tn(
            "{count} more sentence did not fit into this message; choose a shorter length.",
            "{count} more sentences did not fit into this message; choose a shorter length.",
            left,
        )
        parts.append(f"-# {more}")
    embed = discord.Embed(title=_title(summary), description="\n".join(parts), colour=ANSWER_COLOUR)
    return Reply(embeds=(embed,))


def _title(summary: Summary) -> str:
    topic = inline(summary.topic, 100) if summary.topic else ""
    title = article_title(summary.articles[0], 100) if len(summary.articles) == 1 else ""
    if topic and title:
        return t("In the articles’ own words: {topic} ({title})", topic=topic, title=title)
    if topic:
        return t("In the articles’ own words: {topic}", topic=topic)
    if title:
        return t("In its own words: {title}", title=title)
    return t("In the articles’ own words")
