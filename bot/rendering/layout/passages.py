"""More passages for a question, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from discord import ui

from bot.languages import t
from bot.rendering.discord.reply import ASIDE_COLOUR
from bot.rendering.layout import places, quoted, sources
from bot.rendering.layout.answers import in_container
from bot.rendering.layout.budget import QUESTION, TEXT, room_beside
from bot.rendering.layout.buttons import ItemFactory, beside, rows
from bot.rendering.layout.composition import bold_question, earlier_line
from bot.rendering.layout.marks import small
from retrieval.answers import Quote, RankedPassage
from retrieval.articles import Article

PASSAGES_PER_PAGE: Final = 5
_PASSAGE_UNITS: Final = 450
_SOURCE_UNITS: Final = 300


def passage_pages(passages: Sequence[RankedPassage]) -> int:
    """How many pages the passages fill; at least one."""
    return max(1, -(-len(passages) // PASSAGES_PER_PAGE))


def passages_layout(
    question: str,
    passages: Sequence[RankedPassage],
    articles: Mapping[str, Article],
    page: int,
    *,
    context: Callable[[int], ui.Item[Any]] | None = None,
    navigation: Sequence[ItemFactory] = (),
    earlier: str = "",
) -> ui.LayoutView:
    """One page of the passages, best first, each with its first words and its source.

    Args:
        articles: By id; a passage whose article is gone or has become shorter says so.
        page: From 0; beyond either end it is the nearest there is.
        context: Makes the button beside a passage, given its place among all, from 0.
        navigation: The buttons that turn the page.
        earlier: The question in whose light this one was understood, if any.
    """
    pages = passage_pages(passages)
    page = min(max(page, 0), pages - 1)
    start = page * PASSAGES_PER_PAGE
    here = passages[start : start + PASSAGES_PER_PAGE]
    shown = bold_question(question, QUESTION)
    heading = t("More passages, best first") if passages else t("There are no more passages.")
    number = t("Page {page} of {pages}", page=page + 1, pages=pages)
    headline = f"{heading}\n{small(number)}" if pages > 1 else heading
    items: list[ui.Item[Any]] = []
    if shown:
        items.append(ui.TextDisplay(shown, id=places.QUESTION))
    before = earlier_line(earlier)
    if before:
        items.append(ui.TextDisplay(before, id=places.EARLIER))
    items.append(ui.TextDisplay(headline))
    room = room_beside(TEXT, [shown, before, headline]) // PASSAGES_PER_PAGE
    for index, ranked in enumerate(here, start=start):
        items.append(ui.Separator())
        quote = _quote(ranked, articles)
        if quote is None:
            gone = t("This passage is no longer in the articles.")
            items.append(ui.TextDisplay(small(gone)))
        else:
            text: ui.TextDisplay[Any] = ui.TextDisplay(_entry(quote, room))
            items.append(beside(text, context, index))
    items += rows(navigation)
    return in_container(items, ASIDE_COLOUR)


def _entry(quote: Quote, room: int) -> str:
    cited = min(_SOURCE_UNITS, max(sources.LEAST, room - quoted.LEAST - 1))
    words = quoted.quoted(quote, min(_PASSAGE_UNITS, room - cited - 1), bold=False)
    return f"{words}\n{sources.source_lines(quote, cited)}"


def _quote(ranked: RankedPassage, articles: Mapping[str, Article]) -> Quote | None:
    passage = ranked.passage
    article = articles.get(passage.article)
    if article is None or passage.span.end > len(article.text):
        return None
    return Quote(article, passage.paragraph, passage.span, ranked.score)
