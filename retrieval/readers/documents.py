"""What a reader is given, and what it makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.articles import Article
from retrieval.errors import ArticleError


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes that hold one article or several, and what is known of them from outside.

    Attributes:
        name: What people call it, in errors too. Never used as a path.
        format: One of ``readers.FORMATS``, such as ``"pdf"``.
        url: Where it was fetched from, if it was.
        charset: The encoding that its server named, as Python calls it.
    """

    name: str
    content: bytes
    format: str
    url: str | None = None
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """An article that a feed names and does not hold: its text stands at ``url``.

    Attributes:
        id: The article's id, made from the feed's own name for the entry.
        summary: What the feed says of it: quoted where the page itself cannot be read.
    """

    id: str
    url: str
    title: str
    source: str | None = None
    author: str | None = None
    published: str | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document held. ``failures`` are the articles in it that cannot be read."""

    articles: tuple[Article, ...] = ()
    failures: tuple[ArticleError, ...] = ()
    linked: tuple[Linked, ...] = ()
