"""RSS and Atom: the articles that a feed holds, and the addresses of those that it only names."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.readers.documents import Document, Linked, Reading
from retrieval.readers.failures import Failures
from retrieval.readers.fields import field, first_words, web_address
from retrieval.readers.html import text_of_fragment
from retrieval.readers.identity import digest

_PLAIN: Final = "text/plain"

Fields = Mapping[str, Any]
"""What feedparser knows of a feed or an entry."""


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The entries of a feed: those with their whole text as articles, the others as links.

    An entry's id is ``article_id`` and a hash of what the feed itself calls the entry, so that it
    is the same at every poll. An entry that is named twice counts once. Nothing is fetched.

    Raises:
        ArticleError: It is not a feed.
    """
    parsed = _parsed(document)
    feed: Fields = parsed["feed"]
    source, feed_author = _line(feed, "title"), _author(feed)
    found: dict[str, Article | Linked] = {}
    failures = Failures(document.name, "entries")
    for number, entry in enumerate(parsed["entries"], start=1):
        if max(len(found), failures.count) >= limits.articles:
            failures.end(_too_many(document.name, limits))
            break
        try:
            one = _read_entry(entry, document, article_id, source)
        except RecursionError:
            why = phrase("Its elements are nested too deeply.")
            failures.add(_failure(document.name, number, why))
            continue
        if one is None:
            why = phrase("It has neither a link nor a text.")
            failures.add(_failure(document.name, number, why))
        else:
            found.setdefault(one.id, one if one.author else replace(one, author=feed_author))
    return Reading(
        articles=tuple(one for one in found.values() if isinstance(one, Article)),
        failures=failures.all(),
        linked=tuple(one for one in found.values() if isinstance(one, Linked)),
    )


def _parsed(document: Document) -> Fields:
    import feedparser

    headers = {"content-location": document.url} if document.url else {}
    try:
        # A stream, always: feedparser would take a string for an address or a path and open it.
        parsed: Fields = feedparser.parse(io.BytesIO(document.content), response_headers=headers)
        if parsed.get("version") or parsed["entries"]:
            return parsed
        why = phrase("It is neither RSS nor Atom.")
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        # It takes what is broken as it comes, and so stumbles in ways that it does not list.
        why = phrase("Its parser says: {reason}.", reason=field(str(error)) or type(error).__name__)
    raise ArticleError(
        document.name,
        phrase("{name} cannot be read as a feed.", name=document.name),
        why=why,
        remedy=phrase(
            "Check that the address is the feed's own, which often ends in .xml, .rss or /feed."
        ),
    )


def _read_entry(
    entry: Fields, document: Document, article_id: str, source: str | None
) -> Article | Linked | None:
    """The entry: an article where its content is there, or where its summary is all there is."""
    url = web_address(entry.get("link"), document.url)
    content = _content(entry)
    summary = _text(entry.get("summary"), _detail(entry, "summary").get("type"))
    is_whole = _has_words(content)
    text = content if is_whole else summary
    own = f"{article_id}-{_own_id(entry, url, text)}"
    title = _line(entry, "title") or first_words(text)
    author, published = _author(entry), _day(entry)
    if is_whole or (url is None and _has_words(summary)):
        return Article(own, title or source or own, text, source, url, author, published)
    if url is None:
        return None
    return Linked(own, url, title or url, source, author, published, summary)


def _content(entry: Fields) -> str:
    """The longest of the entry's contents, which may be the same text in several forms."""
    texts = (_text(part.get("value"), part.get("type")) for part in _parts(entry))
    return max(texts, key=len, default="")


def _parts(entry: Fields) -> Iterator[Fields]:
    content = entry.get("content")
    for part in content if isinstance(content, list) else ():
        if isinstance(part, Mapping):
            yield part


def _text(value: object, kind: object) -> str:
    if not isinstance(value, str):
        return ""
    return text_of_fragment(value if kind != _PLAIN else _escaped(value))


def _escaped(text: str) -> str:
    """Plain text as HTML that shows it: its blank lines part paragraphs, its lines stay lines."""
    from html import escape

    return escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br>")


def _line(fields: Fields, name: str) -> str | None:
    try:
        return field(_text(fields.get(name), _detail(fields, name).get("type")))
    except RecursionError:
        return None


def _detail(fields: Fields, name: str) -> Fields:
    detail = fields.get(f"{name}_detail")
    return detail if isinstance(detail, Mapping) else {}


def _author(fields: Fields) -> str | None:
    return field(_detail(fields, "author").get("name") or fields.get("author"))


def _day(entry: Fields) -> str | None:
    for name in ("published_parsed", "updated_parsed"):
        # Asked first, or feedparser answers for the one with the other.
        moment = entry.get(name) if name in entry else None
        try:
            if moment:
                return date(*moment[:3]).isoformat()
        except (TypeError, ValueError, OverflowError):
            continue
    return None


def _own_id(entry: Fields, url: str | None, text: str) -> str:
    own = entry.get("id") or url
    if isinstance(own, str):
        return digest(own)
    title = _line(entry, "title") or ""
    return digest(f"{title}\n{text}")


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _failure(name: str, number: int, why: str) -> ArticleError:
    return ArticleError(
        name,
        phrase("Entry {number} of {name} cannot be read.", number=number, name=name),
        why=why,
        remedy=phrase("Tell those who publish the feed; the other entries are read."),
    )


def _too_many(name: str, limits: Limits) -> ArticleError:
    return ArticleError(
        name,
        phrase("{name} is not read to its end.", name=name),
        why=phrase("At most {articles} articles are read.", articles=limits.articles),
        remedy=phrase("Ask those who publish the feed for a shorter one."),
    )
