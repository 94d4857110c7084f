"""A collection for those who manage it: what is in it, where it comes from, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.rendering.blockquote import block_quote
from bot.rendering.discord.articles import ARTICLES_PER_PAGE, page_count
from bot.rendering.discord.quotes import article_title, link
from bot.rendering.discord.reply import ANSWER_COLOUR, DESCRIPTION, Reply
from bot.rendering.sanitize import inline, shortened, units
from retrieval.articles import Article
from retrieval.database.records import SourceRecord

_TITLE_UNITS: Final = 100
_ID_UNITS: Final = 60
_NAME_UNITS: Final = 80
_FACT_UNITS: Final = 200
_ERROR_UNITS: Final = 600
_TEXT_UNITS: Final = 1500


@dataclass(frozen=True, slots=True)
class Listed:
    """An article and where it comes from. ``passages`` is ``None`` where nobody counted them."""

    article: Article
    source: SourceRecord
    passages: int | None = None


def render_collection(listed: Sequence[Listed], page: int, *, is_shared: bool) -> Reply:
    """One page, counted from 0: of each article its title, id, origin and day.

    Args:
        listed: All of them; where there are none the reply says so.
        is_shared: It is the shared collection; otherwise a server's own.
    """
    whose = "The shared collection" if is_shared else "This server’s collection"
    if not listed:
        return Reply(f"{whose} is empty. `/corpus add` takes a file or an address.")
    articles = [item.article for item in listed]
    start = page * ARTICLES_PER_PAGE
    entries = [
        _entry(number, item)
        for number, item in enumerate(listed[start : start + ARTICLES_PER_PAGE], start=start + 1)
    ]
    count = "1 article" if len(listed) == 1 else f"{len(listed):,} articles"
    # Titles and names are escaped, which may double them; Discord counts what is sent.
    if units("\n".join(entries)) > DESCRIPTION:
        entries = [entry.partition("\n")[0] for entry in entries]
    embed = discord.Embed(
        title=f"{whose}: {count}", description="\n".join(entries), colour=ANSWER_COLOUR
    )
    if page_count(articles) > 1:
        embed.set_footer(text=f"Page {page + 1} of {page_count(articles)}")
    return Reply(embeds=(embed,))


def render_article(item: Listed) -> Reply:
    """What is known of an article, what went wrong with it last, and how it begins."""
    article, source = item.article, item.source
    facts = [
        ("Id", article.id),
        ("Source", article.source),
        ("Author", article.author),
        ("Published", article.published),
        ("Pages", f"{len(article.pages):,}" if article.pages else None),
        ("Words", f"{len(article.text.split()):,}"),
        ("Passages", None if item.passages is None else f"{item.passages:,}"),
    ]
    embed = discord.Embed(
        title=article_title(article, _FACT_UNITS),
        description=_beginning(article.text),
        colour=ANSWER_COLOUR,
    )
    for name, fact in facts:
        if fact and (shown := inline(fact, _FACT_UNITS)):
            embed.add_field(name=name, value=shown)
    if address := link(article):
        embed.add_field(name="Link", value=address[0])
    embed.add_field(name="Comes from", value=_origin(source, _FACT_UNITS))
    embed.add_field(name="Added", value=discord.utils.format_dt(source.added, "f"))
    if source.error:
        embed.add_field(
            name="Could not be read the last time", value=inline(source.error, _ERROR_UNITS) or "…"
        )
    return Reply(embeds=(embed,))


def _entry(number: int, item: Listed) -> str:
    facts = [
        inline(item.article.id, _ID_UNITS),
        _origin(item.source, _NAME_UNITS),
        discord.utils.format_dt(item.source.added, "d"),
    ]
    title = article_title(item.article, _TITLE_UNITS)
    failing = " · could not be read the last time" if item.source.error else ""
    return f"{number}\\. **{title}**\n-# {' · '.join(facts)}{failing}"


def _origin(source: SourceRecord, limit: int) -> str:
    """What kind of source an article comes from, and what people call it."""
    return f"{source.kind} {inline(source.name, limit)}".rstrip()


def _beginning(text: str) -> str:
    """The first words of an article, as they stand in it."""
    return shortened(text.strip(), _TEXT_UNITS, block_quote)
