"""What is suggested while somebody chooses where an answer is to be looked for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, TypeVar

import discord
from discord import app_commands
from rapidfuzz import fuzz, process, utils

from bot.access import server_of
from bot.commands.articles import article_choices, find_article
from bot.languages import t
from bot.library import Library
from bot.rendering.discord.reply import CHOICE
from bot.rendering.sanitize import plain
from retrieval.articles import Article
from retrieval.errors import CorpusError
from retrieval.phrases import listed_apart

_CHOICES: Final = 25
_ALIKE: Final = 70
"""From 0 to 100: how alike what was typed is to what was meant."""
_SURELY: Final = 85
_LOOKED_THROUGH: Final = 20_000
"""So many titles are compared while somebody types, since that is done on the event loop."""

Item = TypeVar("Item")
Suggesting = Callable[
    [discord.Interaction[Any], str], Coroutine[Any, Any, list[app_commands.Choice[str]]]
]


def article_suggestions(library: Library) -> Suggesting:
    """Suggests the articles that are quoted where a command is typed."""

    async def suggest(
        interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        server = server_of(interaction)
        await library.noted(server)
        return suggested_articles(library.articles(server), typed)

    return suggest


def suggested_articles(articles: Sequence[Article], typed: str) -> list[app_commands.Choice[str]]:
    """The articles whose titles hold what was typed; else those whose titles are like it."""
    found = article_choices(articles, typed)
    if found:
        return found
    near = _alike(articles[:_LOOKED_THROUGH], typed, lambda article: article.title)
    return article_choices(near, "")


def meant_article(articles: Sequence[Article], given: str) -> Article:
    """The article that a person chose, or typed, perhaps misspelled.

    Raises:
        CorpusError: None is called that, or several are.
    """
    try:
        id_ = find_article(articles, given)
    except CorpusError:
        near = _alike(articles, given, lambda article: article.title, _SURELY)
        if len(near) != 1:
            raise
        return near[0]
    return next(article for article in articles if article.id == id_)


def sources_of(articles: Iterable[Article]) -> list[str]:
    """The publications of articles, each once, in the order of the alphabet."""
    by_name = {a.source.casefold(): a.source for a in articles if a.source and a.source.strip()}
    return [by_name[name] for name in sorted(by_name)]


def suggested_sources(articles: Iterable[Article], typed: str) -> list[app_commands.Choice[str]]:
    """The publications whose names hold what was typed; else those whose names are like it."""
    names = sources_of(articles)
    wanted = typed.strip().casefold()
    found = [name for name in names if wanted in name.casefold()]
    if not found:
        found = _alike(names[:_LOOKED_THROUGH], typed, str)
    found.sort(key=lambda name: not name.casefold().startswith(wanted))
    shown = (plain(name, CHOICE) for name in found[:_CHOICES])
    return [app_commands.Choice(name=name, value=name) for name in shown if name]


def meant_source(articles: Iterable[Article], given: str) -> str:
    """The publication that a person chose, or typed, perhaps misspelled.

    Raises:
        CorpusError: There is none of that name.
    """
    names = sources_of(articles)
    wanted = given.strip().casefold()
    exact = [name for name in names if wanted in (name.casefold(), plain(name, CHOICE).casefold())]
    partly = [name for name in names if wanted in name.casefold()]
    for found in (exact, partly, _alike(names, given, str, _SURELY)):
        if len(found) == 1:
            return found[0]
    near = partly or _alike(names, given, str)
    raise CorpusError(
        t("I know no publication of that name."),
        remedy=t("Did you mean: {names}?", names=listed_apart([name[:100] for name in near[:3]]))
        if near
        else t("Choose one from the list, or see /sources."),
    )


def _alike(
    items: Sequence[Item], typed: str, name: Callable[[Item], str], least: int = _ALIKE
) -> list[Item]:
    """Those whose names are like what was typed, the likest first."""
    if not typed.strip():
        return []
    found = process.extract(
        typed,
        [name(item) for item in items],
        scorer=fuzz.WRatio,
        processor=utils.default_process,
        score_cutoff=least,
        limit=_CHOICES,
    )
    return [items[place] for _, _, place in found]
