"""What the bot knows, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import discord

from bot.languages import t, tn
from bot.rendering.citation import publication
from bot.rendering.discord.quotes import article_title, link
from bot.rendering.discord.reply import ANSWER_COLOUR, DESCRIPTION, Reply
from bot.rendering.sanitize import inline, units
from retrieval.articles import Article

ARTICLES_PER_PAGE: Final = 10
_TITLE_UNITS: Final = 150
_FACT_UNITS: Final = 60


def page_count(articles: Sequence[Article]) -> int:
    """How many pages the articles fill; at least one."""
    return max(1, -(-len(articles) // ARTICLES_PER_PAGE))


def page_number(page: int, pages: int) -> str:
    """Which page of how many, counted from 0, as people count."""
    return t("Page {page} of {pages}", page=page + 1, pages=pages)


def render_articles(articles: Sequence[Article], page: int) -> Reply:
    """One page, counted from 0, with each article's title, origin and link."""
    start = page * ARTICLES_PER_PAGE
    here = articles[start : start + ARTICLES_PER_PAGE]
    entries = [_entry(number, article) for number, article in enumerate(here, start=start + 1)]
    if units("\n".join(entries)) > DESCRIPTION:
        entries = [
            _entry(number, article, with_link=False)
            for number, article in enumerate(here, start=start + 1)
        ]
    embed = discord.Embed(
        title=tn("{count} article", "{count} articles", len(articles)),
        description="\n".join(entries),
        colour=ANSWER_COLOUR,
    )
    if page_count(articles) > 1:
        embed.set_footer(text=page_number(page, page_count(articles)))
    return Reply(embeds=(embed,))


def _entry(number: int, article: Article, *, with_link: bool = True) -> str:
    facts = [inline(fact, _FACT_UNITS) for fact in publication(article)]
    facts += link(article) if with_link else []
    line = f"{number}\\. **{article_title(article, _TITLE_UNITS)}**"
    return f"{line}\n-# {' · '.join(facts)}" if facts else line
