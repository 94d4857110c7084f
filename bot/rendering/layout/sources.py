"""Where a quote stands, in small print under it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.languages import t, tn
from bot.rendering.citation import publication
from bot.rendering.discord.quotes import article_title
from bot.rendering.layout.marks import beside_each_other, small
from bot.rendering.sanitize import inline, isolated, units
from bot.rendering.text_fragment import Link, link_to, web_address
from retrieval.answers import Quote, Source
from retrieval.articles import Article, Span

LEAST: Final = 120
"""Units that always hold a source line, if not all that is known."""

_OTHERS: Final = 2


def source_lines(quote: Quote, limit: int, *, quiet: bool = False) -> str:
    """Title, publication, author, date, page, paragraph and link, and where else the words stand.

    What does not fit into ``limit`` units (``LEAST`` or more) is left out, least needed first.

    Args:
        quiet: Write links so that an ordinary message shows no preview of them.
    """
    return next(
        (lines for lines in _by_length(quote, quiet) if units(lines) <= limit),
        _line([article_title(quote.article, 40), _paragraph(quote.paragraph)]),
    )


def words_of(quote: Quote) -> Span:
    """The words of a quote that a link leads to: those that answer, if it has any."""
    return next(iter(quote.highlights), quote.span)


def details(article: Article, limit: int = 100) -> list[str]:
    """Source, author and date of an article, each within ``limit`` units."""
    return [inline(fact, limit) for fact in publication(article)]


def page_and_paragraph(page: int | None, paragraph: int) -> list[str]:
    found = [] if page is None else [isolated(t("page {page}", page=page))]
    return [*found, _paragraph(paragraph)]


def masked(link: Link, *, quiet: bool = False) -> str:
    """A link under words that say where it leads."""
    match link.leads_to:
        case "words":
            label = t("open at these words")
        case "page":
            label = t("open at this page")
        case "article":
            label = t("open the article")
    return f"[{isolated(label)}](<{link.url}>)" if quiet else f"[{isolated(label)}]({link.url})"


def _by_length(quote: Quote, quiet: bool) -> Iterator[str]:
    """The lines in all their lengths, longest first."""
    others = _others(quote)
    article = quote.article
    place = page_and_paragraph(quote.page, quote.paragraph)
    deep = link_to(article, words_of(quote))
    address = web_address(article.url)
    flat = Link(address, "article") if address else None
    for link, further in ((deep, others), (flat, others), (deep, []), (flat, [])):
        for title, fact in ((150, 100), (80, 40)):
            known = [article_title(article, title), *details(article, fact), *place]
            line = _line([*known, masked(link, quiet=quiet) if link else ""])
            yield "\n".join([line, *further])
    if flat:
        yield _line([article_title(article, 80), *place, masked(flat, quiet=quiet)])
    yield _line([article_title(article, 80), *details(article, 40), *place])
    yield _line([article_title(article, 60), *place])


def _others(quote: Quote) -> list[str]:
    lines = [_other(source) for source in quote.also_in[:_OTHERS]]
    if left := len(quote.also_in) - len(lines):
        more = tn("and in {count} more place", "and in {count} more places", left)
        lines.append(small(more))
    return lines


def _other(source: Source) -> str:
    facts = [
        article_title(source.article, 80),
        *details(source.article, 60),
        *page_and_paragraph(source.page, source.paragraph),
    ]
    return small(t("Also in: {place}", place=beside_each_other(facts)))


def _paragraph(number: int) -> str:
    return isolated(t("paragraph {paragraph}", paragraph=number))


def _line(facts: list[str]) -> str:
    return small(beside_each_other(facts))
