"""Where a quote comes from, in words: the same facts in the same order wherever it is shown."""

from __future__ import annotations

from bot.languages import t
from retrieval.answers import Quote, Source
from retrieval.articles import Article


def publication(article: Article) -> list[str]:
    """What is known of an article's origin: source, author, date. Nothing is made up."""
    return [fact for fact in (article.source, article.author, article.published) if fact]


def citation(where: Quote | Source) -> list[str]:
    """The facts that lead a reader to a place in an article, without title and link."""
    page = [] if where.page is None else [t("page {page}", page=where.page)]
    paragraph = t("paragraph {paragraph}", paragraph=where.paragraph)
    return [*publication(where.article), *page, paragraph]
