"""``/summary``: the sentences that carry an article, a topic, or everything."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import discord
from discord import app_commands

from bot.access import server_of
from bot.commands.articles import find_article
from bot.commands.placement import everywhere
from bot.commands.suggestions import article_suggestions
from bot.commands.translation import command_name, described, option_name
from bot.inflight import InFlight
from bot.languages import t, tn
from bot.library import Library
from bot.rendering.discord import render_summary
from bot.speaking import speak_publicly
from retrieval.errors import QuestionError

LENGTHS: Final = {"short": 3, "medium": 5, "long": 8}
MOST_SENTENCES: Final = 15


def summary_command(library: Library, in_flight: InFlight) -> app_commands.Command[Any, ..., None]:
    """The command, summarizing the articles of ``library``."""

    @app_commands.command(
        name=command_name("/summary"),
        description=described("The sentences that carry an article or a topic."),
    )
    @app_commands.rename(
        article=option_name(":article"),
        topic=option_name(":topic"),
        length=option_name(":length"),
    )
    @app_commands.describe(
        article=described("Which article; all of them if you leave it out"),
        topic=described("What the summary should be about"),
        length=described("short, medium or long, or how many sentences (1 to 15)"),
    )
    async def summary(
        interaction: discord.Interaction[Any],
        article: str | None = None,
        topic: app_commands.Range[str, 1, 200] | None = None,
        length: str = "medium",
    ) -> None:
        # Before it is acknowledged: what somebody was told to wait for is answered.
        with in_flight:
            await interaction.response.defer(thinking=True)
            await speak_publicly(interaction)
            server = server_of(interaction)
            count = sentence_count(length)
            chosen = find_article(await library.known(server), article) if article else None
            found = await library.summarize(chosen, topic, count, server)
            reply = await library.work(partial(render_summary, found))
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds)
            )

    summary.autocomplete("article")(article_suggestions(library))

    @summary.autocomplete("length")
    async def lengths(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        wanted = typed.strip().casefold()
        return [
            app_commands.Choice(
                name=tn(
                    "{length} ({count} sentence)",
                    "{length} ({count} sentences)",
                    LENGTHS[length],
                    length=word,
                ),
                value=length,
            )
            for length, word in _words().items()
            if length.startswith(wanted) or word.casefold().startswith(wanted)
        ]

    return everywhere(summary)


def sentence_count(length: str) -> int:
    """How many sentences a length stands for.

    Raises:
        QuestionError: It is neither a known word nor a number in range.
    """
    word = length.strip().casefold()
    for known, translated in _words().items():
        if word in (known, translated.casefold()):
            return LENGTHS[known]
    if word.isdecimal() and len(word) <= 3 and 1 <= int(word) <= MOST_SENTENCES:
        return int(word)
    raise QuestionError(
        t("That is no length I know."),
        remedy=t(
            "Choose short, medium or long, or a number from 1 to {most}.", most=MOST_SENTENCES
        ),
    )


def _words() -> dict[str, str]:
    """The lengths by name, each with its name in the language that is spoken."""
    return {"short": t("short"), "medium": t("medium"), "long": t("long")}
