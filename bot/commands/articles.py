"""The article that a person means: suggested while they type, and found by what they typed."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from typing import Final

from discord import app_commands

from bot.languages import t
from bot.rendering.discord.reply import CHOICE
from bot.rendering.sanitize import plain
from retrieval.articles import Article
from retrieval.errors import CorpusError
from retrieval.phrases import listed_apart

_CHOICES: Final = 25


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


def find_article(articles: Sequence[Article], given: str, see: str = "") -> str:
    """The id of the article that a person chose, or typed without choosing.

    Args:
        see: What to do where nothing is even near; to look into /sources where not given.

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
        raise _not_found(found, t("I know no article of that name."), see)
    raise _not_found(found, t("Several articles go by that name."), see)


def _not_found(near: Sequence[Article], what: str, see: str) -> CorpusError:
    if near:
        names = listed_apart([article.title[:100] for article in near[:3]])
        return CorpusError(what, remedy=t("Did you mean: {names}?", names=names))
    return CorpusError(what, remedy=see or t("Choose one from the list, or see /sources."))


def _value(article: Article) -> str:
    """What stands for an article in a choice, which holds 100 characters."""
    if len(article.id) <= CHOICE // 2:
        return article.id
    return f"sha256:{hashlib.sha256(article.id.encode('utf-8', 'surrogatepass')).hexdigest()}"
