"""``/ask``: a question, answered with quotes."""

from __future__ import annotations

from typing import Any, Final

import discord
from discord import app_commands

from bot.access import server_of
from bot.asking import Asking
from bot.commands.placement import everywhere
from bot.commands.suggestions import (
    article_suggestions,
    meant_article,
    meant_source,
    suggested_sources,
)
from bot.commands.translation import command_name, described, option_name
from bot.languages import t
from bot.library import Library
from bot.rendering.layout.marks import beside_each_other
from bot.within import Within
from retrieval.questions import MAX_CHARACTERS

_NAME: Final = 200


def ask_command(library: Library, asking: Asking) -> app_commands.Command[Any, ..., None]:
    """The command, answering with ``asking``."""

    @app_commands.command(
        name=command_name("/ask"),
        description=described("Ask the articles; I answer by quoting them."),
    )
    @app_commands.rename(
        question=option_name(":question"),
        private=option_name(":private"),
        article=option_name(":article"),
        source=option_name(":source"),
        since=option_name(":since"),
        until=option_name(":until"),
    )
    @app_commands.describe(
        question=described("What you want to know"),
        private=described("Whether only you see the answer"),
        article=described("Look in this article only"),
        source=described("Look in what this publication has printed only"),
        since=described("Look only in what was published since: 2014, 2014-05 or 2014-05-31"),
        until=described("Look only in what was published until: 2014, 2014-05 or 2014-05-31"),
    )
    async def ask(
        interaction: discord.Interaction[Any],
        question: app_commands.Range[str, 1, MAX_CHARACTERS],
        private: bool | None = None,
        article: app_commands.Range[str, 1, _NAME] | None = None,
        source: app_commands.Range[str, 1, _NAME] | None = None,
        since: app_commands.Range[str, 4, 10] | None = None,
        until: app_commands.Range[str, 4, 10] | None = None,
    ) -> None:
        server = server_of(interaction)
        if article or source:
            await library.noted(server)
        articles = library.articles(server)
        meant = meant_article(articles, article) if article else None
        printed = meant_source(articles, source) if source else None
        within = Within.of(meant.id if meant else None, printed, since, until)
        only = [meant.title if meant else "", printed or ""]
        only += [t("since {date}", date=since) if since else ""]
        only += [t("until {date}", date=until) if until else ""]
        await asking.respond(
            interaction,
            question,
            within=within,
            only=beside_each_other(only),
            is_private=private,
        )

    ask.autocomplete("article")(article_suggestions(library))

    @ask.autocomplete("source")
    async def sources(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        server = server_of(interaction)
        await library.noted(server)
        return suggested_sources(library.articles(server), typed)

    return everywhere(ask)
