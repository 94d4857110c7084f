"""A collection for those who manage it: what is in it, where it comes from, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import discord

from bot.languages import number, said, t, tn
from bot.rendering.blockquote import block_quote
from bot.rendering.discord.articles import ARTICLES_PER_PAGE, page_count, page_number
from bot.rendering.discord.quotes import article_title, link
from bot.rendering.discord.reply import ANSWER_COLOUR, DESCRIPTION, Reply
from bot.rendering.sanitize import inline, shortened, units
from retrieval.articles import Article
from retrieval.database.records import SourceRecord
from retrieval.phrases import from_text

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
    if not listed:
        return Reply(_empty(is_shared=is_shared))
    articles = [item.article for item in listed]
    start = page * ARTICLES_PER_PAGE
    entries = [
        _entry(place, item)
        for place, item in enumerate(listed[start : start + ARTICLES_PER_PAGE], start=start + 1)
    ]
    # Titles and names are escaped, which may double them; Discord counts what is sent.
    if units("\n".join(entries)) > DESCRIPTION:
        entries = [entry.partition("\n")[0] for entry in entries]
    embed = discord.Embed(
        title=_heading(len(listed), is_shared=is_shared),
        description="\n".join(entries),
        colour=ANSWER_COLOUR,
    )
    if page_count(articles) > 1:
        embed.set_footer(text=page_number(page, page_count(articles)))
    return Reply(embeds=(embed,))


def render_article(item: Listed) -> Reply:
    """What is known of an article, what went wrong with it last, and how it begins."""
    article, source = item.article, item.source
    facts = [
        (t("Id"), article.id),
        (t("Source"), article.source),
        (t("Author"), article.author),
        (t("Published"), article.published),
        (t("Pages"), number(len(article.pages)) if article.pages else None),
        (t("Words"), number(len(article.text.split()))),
        (t("Passages"), None if item.passages is None else number(item.passages)),
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
        embed.add_field(name=t("Link"), value=address[0])
    embed.add_field(name=t("Comes from"), value=_origin(source, _FACT_UNITS))
    embed.add_field(name=t("Added on"), value=discord.utils.format_dt(source.added, "f"))
    if source.error:
        embed.add_field(
            name=t("Could not be read the last time"),
            value=inline(said(from_text(source.error)), _ERROR_UNITS) or "…",
        )
    return Reply(embeds=(embed,))


def _entry(place: int, item: Listed) -> str:
    facts = [
        inline(item.article.id, _ID_UNITS),
        _origin(item.source, _NAME_UNITS),
        discord.utils.format_dt(item.source.added, "d"),
    ]
    title = article_title(item.article, _TITLE_UNITS)
    if item.source.error:
        facts.append(t("could not be read the last time"))
    return f"{place}\\. **{title}**\n-# {' · '.join(facts)}"


def _origin(source: SourceRecord, limit: int) -> str:
    """What kind of source an article comes from, and what people call it."""
    name = inline(source.name, limit)
    match source.kind:
        case "upload":
            return t("upload {name}", name=name).rstrip()
        case "page":
            return t("page at {name}", name=name).rstrip()
        case "feed":
            return t("feed at {name}", name=name).rstrip()
        case _:
            return t("file {name}", name=name).rstrip()


def _empty(*, is_shared: bool) -> str:
    if is_shared:
        return t("The shared collection is empty. `/corpus add` takes a file or an address.")
    return t("This server’s collection is empty. `/corpus add` takes a file or an address.")


def _heading(count: int, *, is_shared: bool) -> str:
    if is_shared:
        return tn(
            "The shared collection: {count} article",
            "The shared collection: {count} articles",
            count,
        )
    return tn(
        "This server’s collection: {count} article",
        "This server’s collection: {count} articles",
        count,
    )


def _beginning(text: str) -> str:
    """The first words of an article, as they stand in it."""
    return shortened(text.strip(), _TEXT_UNITS, block_quote)
