"""``/summary``: the sentences that carry an article, a topic, or everything."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import discord
from discord import app_commands

from bot.inflight import InFlight
from bot.library import Library
from bot.rendering.discord import render_summary
from bot.rendering.discord.reply import CHOICE
from bot.rendering.sanitize import plain
from retrieval.articles import Article
from retrieval.errors import CorpusError, QuestionError

LENGTHS: Final = {"short": 3, "medium": 5, "long": 8}
MOST_SENTENCES: Final = 15
_CHOICES: Final = 25


def summary_command(library: Library, in_flight: InFlight) -> app_commands.Command[Any, ..., None]:
    """The command, summarizing the articles of ``library``."""

    @app_commands.command(
        name="summary", description="The sentences that carry an article or a topic."
    )
    @app_commands.describe(
        article="Which article; all of them if you leave it out",
        topic="What the summary should be about",
        length=f"short, medium or long, or how many sentences (1 to {MOST_SENTENCES})",
    )
    async def summary(
        interaction: discord.Interaction[Any],
        article: str | None = None,
        topic: app_commands.Range[str, 1, 200] | None = None,
        length: str = "medium",
    ) -> None:
        await interaction.response.defer(thinking=True)
        with in_flight:
            count = sentence_count(length)
            chosen = find_article(library.articles, article) if article else None
            found = await library.summarize(chosen, topic, count)
            reply = await library.work(partial(render_summary, found))
            await interaction.followup.send(reply.content, embeds=list(reply.embeds))

    @summary.autocomplete("article")
    async def articles(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return article_choices(library.articles, typed)

    @summary.autocomplete("length")
    async def lengths(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return [
            app_commands.Choice(name=f"{name} ({count} sentences)", value=name)
            for name, count in LENGTHS.items()
            if name.startswith(typed.strip().casefold())
        ]

    return summary


def sentence_count(length: str) -> int:
    """How many sentences a length stands for.

    Raises:
        QuestionError: It is neither a known word nor a number in range.
    """
    word = length.strip().casefold()
    if word in LENGTHS:
        return LENGTHS[word]
    if word.isdecimal() and len(word) <= 3 and 1 <= int(word) <= MOST_SENTENCES:
        return int(word)
    raise QuestionError(
        "That is no length I know.",
        remedy=f"Choose short, medium or long, or a number from 1 to {MOST_SENTENCES}.",
    )


def article_choices(articles: Sequence[Article], typed: str) -> list[app_commands.Choice[str]]:
    """The articles whose titles hold what was typed: at its start, at a word's, then anywhere."""
    wanted = typed.strip().casefold()
    ranked = []
    for article in articles:
        title = article.title.casefold()
        place = title.find(wanted)
        if place < 0 and wanted not in article.id.casefold():
            continue
        starts_a_word = place > 0 and not title[place - 1].isalnum()
        ranked.append((0 if place == 0 else 1 if starts_a_word else 2, article))
    ranked.sort(key=lambda found: found[0])
    return [
        app_commands.Choice(
            name=plain(article.title, CHOICE) or plain(article.id, CHOICE), value=_value(article)
        )
        for _, article in ranked[:_CHOICES]
    ]


def find_article(articles: Sequence[Article], given: str) -> str:
    """The id of the article that a person chose, or typed without choosing.

    Raises:
        CorpusError: No article is called that, or several are.
    """
    wanted = given.strip().casefold()
    for matches in (
        lambda article: given in (_value(article), article.id),
        lambda article: article.title.casefold() == wanted,
        lambda article: wanted in article.title.casefold(),
    ):
        found = [article for article in articles if matches(article)]
        if len(found) == 1:
            return found[0].id
        if found:
            break
    else:
        titles = [article.title for article in articles]
        found = [
            article
            for title in difflib.get_close_matches(given, titles, n=3, cutoff=0.4)
            for article in articles
            if article.title == title
        ]
        raise _not_found(found, "I know no article of that name.")
    raise _not_found(found, "Several articles go by that name.")


def _not_found(near: Sequence[Article], what: str) -> CorpusError:
    names = "; ".join(article.title[:100] for article in near[:3])
    return CorpusError(
        what,
        remedy=f"Did you mean: {names}?" if names else "Choose one from the list, or see /sources.",
    )


def _value(article: Article) -> str:
    """What stands for an article in a choice, which holds 100 characters."""
    if len(article.id) <= CHOICE // 2:
        return article.id
    return f"sha256:{hashlib.sha256(article.id.encode('utf-8', 'surrogatepass')).hexdigest()}"
