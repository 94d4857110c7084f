"""Where a quote comes from, in words: the same facts in the same order wherever it is shown."""

from __future__ import annotations

from retrieval.answers import Quote
from retrieval.articles import Article


def publication(article: Article) -> list[str]:
    """What is known of an article's origin: source, author, date. Nothing is made up."""
    return [fact for fact in (article.source, article.author, article.published) if fact]


def citation(quote: Quote) -> list[str]:
    """The facts that lead a reader to a quote, without title and link."""
    return place(quote.article, quote.paragraph)


def place(article: Article, paragraph: int) -> list[str]:
    """The facts that lead a reader to a paragraph of an article."""
    return [*publication(article), f"paragraph {paragraph}"]
