"""One quote as an embed: title, the words in a block quote, and where they are from."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

import discord

from bot.rendering.blockquote import block_quote
from bot.rendering.citation import citation
from bot.rendering.discord.reply import ANSWER_COLOUR, ASIDE_COLOUR, DESCRIPTION
from bot.rendering.excerpts import Excerpt, excerpt
from bot.rendering.sanitize import inline, units
from retrieval.answers import Quote
from retrieval.articles import Article, Span

_TITLE_UNITS: Final = 200
_FACT_UNITS: Final = 100
_URL_UNITS: Final = 400
_OTHERS: Final = 2
_ADDRESS: Final = "-._~:/?#@!$&'*+,;=%"
"""What may stand in an address as it is. Brackets would end the Markdown link around it."""


def quote_embed(quote: Quote, limit: int, *, is_answer: bool = True) -> discord.Embed:
    """A quote with its highlight in bold; as much of it as keeps the embed within ``limit`` units.

    Args:
        is_answer: Otherwise it is a nearest passage, which has no highlight and is labelled so.
    """
    title = article_title(quote.article)
    source = "\n".join(f"-# {line}" for line in source_lines(quote))
    label = "" if is_answer else "Nearest passage, not an answer"
    fixed = units(title) + units(source) + units(label) + len("\n\n")
    room = min(limit - fixed, DESCRIPTION - units(source) - len("\n\n"))
    part = excerpt(quote, lambda part: units(_quoted(quote, part, is_answer)) <= room)
    embed = discord.Embed(
        title=title,
        description=f"{_quoted(quote, part, is_answer)}\n{source}",
        colour=ANSWER_COLOUR if is_answer else ASIDE_COLOUR,
    )
    if label:
        embed.set_author(name=label)
    return embed


def article_title(article: Article, limit: int = _TITLE_UNITS) -> str:
    """An article's title for a line of its own; its id where it has none to show."""
    return inline(article.title, limit) or inline(article.id, limit) or "…"


def source_line(quote: Quote) -> str:
    """Publication, author, date, page, paragraph and link, as far as they are known."""
    return " · ".join(
        [*(inline(fact, _FACT_UNITS) for fact in citation(quote)), *link(quote.article)]
    )


def source_lines(quote: Quote) -> list[str]:
    """Where a quote stands, and on a line each where nearly the same words stand again."""
    others = [
        " · ".join(
            [
                f"Also in: {article_title(source.article, _FACT_UNITS)}",
                *(inline(fact, _FACT_UNITS) for fact in citation(source)),
            ]
        )
        for source in quote.also_in[:_OTHERS]
    ]
    return [source_line(quote), *others]


def link(article: Article) -> list[str]:
    """A link to the article, or nothing where it has no address on the web that fits."""
    address = (article.url or "").strip()
    if not re.match(r"https?://[^/\s]", address, re.IGNORECASE):
        return []
    try:
        urlsplit(address)
    except ValueError:
        return []
    address = percent_encoded(address, safe=_ADDRESS, errors="replace")
    return [f"[open the article]({address})"] if units(address) <= _URL_UNITS else []


def _quoted(quote: Quote, part: Excerpt, is_answer: bool) -> str:
    span = part.span
    bold = [
        Span(max(mark.start, span.start) - span.start, min(mark.end, span.end) - span.start)
        for mark in (quote.highlights if is_answer else ())
        if mark.overlaps(span)
    ]
    lines = block_quote(
        span.of(quote.article.text), bold, cut_before=part.cut_before, cut_after=part.cut_after
    )
    if not part.is_cut:
        return lines
    return f"{lines}\n-# Shortened: the whole paragraph has {part.paragraph_length:,} characters."
