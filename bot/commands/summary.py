"""``/summary``: the sentences that carry an article, a topic, or everything."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import discord
from discord import app_commands

from bot.access import server_of
from bot.commands.articles import article_choices, find_article
from bot.inflight import InFlight
from bot.library import Library
from bot.rendering.discord import render_summary
from retrieval.errors import QuestionError

LENGTHS: Final = {"short": 3, "medium": 5, "long": 8}
MOST_SENTENCES: Final = 15


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
            server = server_of(interaction)
            count = sentence_count(length)
            chosen = find_article(await library.known(server), article) if article else None
            found = await library.summarize(chosen, topic, count, server)
            reply = await library.work(partial(render_summary, found))
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds)
            )

    @summary.autocomplete("article")
    async def articles(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        server = server_of(interaction)
        await library.noted(server)
        return article_choices(library.articles(server), typed)

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
