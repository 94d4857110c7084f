"""The articles that a feed only names, read where they stand."""

from __future__ import annotations

from dataclasses import replace

from retrieval import readers
from retrieval.corpus.refusals import unknown_format
from retrieval.errors import ArticleError
from retrieval.phrases import phrase
from retrieval.preparation import PreparedArticle
from retrieval.readers.documents import Document, Linked
from retrieval.sandbox import Sandbox
from retrieval.web import Fetcher, FetchError, NotModified


def follow(link: Linked, fetcher: Fetcher, sandbox: Sandbox) -> PreparedArticle:
    """The article that a feed links to, under its id, with what the feed says of it.

    Where the page cannot be read, what the feed itself says of it is the article.

    Raises:
        ArticleError: There is neither.
    """
    try:
        found = _page(link, fetcher, sandbox)
    except ArticleError:
        if not link.summary.strip():
            raise
        content = link.summary.encode("utf-8", "replace")
        found = sandbox.read(Document(_name_of(link), content, "text"), link.id).articles[0]
    article = found.article
    return replace(
        found.under(link.id),
        article=replace(
            article,
            id=link.id,
            title=link.title or article.title,
            source=link.source or article.source,
            author=link.author or article.author,
            published=link.published or article.published,
            url=link.url,
        ),
    )


def _page(link: Linked, fetcher: Fetcher, sandbox: Sandbox) -> PreparedArticle:
    name = _name_of(link)
    found = fetcher.fetch(link.url)
    if isinstance(found, NotModified):
        raise FetchError(name, phrase("{name} holds nothing.", name=name))
    format_ = readers.format_of_response(found.media_type, found.url, found.content)
    if format_ is None or format_ == "feed":
        raise unknown_format(name)
    document = Document(name, found.content, format_, url=found.url, charset=found.charset)
    articles = sandbox.read(document, link.id).articles
    if not articles:
        raise ArticleError(name, phrase("{name} holds no text.", name=name))
    return articles[0]


def _name_of(link: Linked) -> str:
    return link.title or link.url
