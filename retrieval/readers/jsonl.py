"""JSON Lines: one article a line, as an object. What ``corpus export`` writes is read back whole.

``text`` (or ``content``, ``body``) is required; ``id``, ``title``, ``source``, ``url``, ``author``,
``published`` (or ``date``) and ``pages`` are not. https://jsonlines.org
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.readers.documents import Document, Reading
from retrieval.readers.failures import Failures
from retrieval.readers.fields import field, web_address
from retrieval.readers.identity import own_id
from retrieval.readers.plain_text import headline, title_from_id
from retrieval.readers.text import decode

_TEXTS: Final = ("text", "content", "body")


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The articles in ``document``, one a line. Blank lines do not count as articles.

    An article's id is ``article_id`` and the article's own, or the number of its line where it has
    none, so that it stays the same when lines are added below. Texts are kept as they are.

    Raises:
        ArticleError: It is not text, or has no lines.
    """
    name = document.name
    articles: list[Article] = []
    failures = Failures(name, "lines")
    lines: dict[str, int] = {}
    for number, line in _lines(decode(document.content, name)):
        if max(len(articles), failures.count) >= limits.articles:
            failures.end(_too_many(name, number, limits))
            break
        try:
            article = _article(line, number, article_id, name)
            first = lines.setdefault(article.id, number)
            if first == number:
                articles.append(article)
                continue
            reason = phrase("It has the same id as line {number}.", number=first)
            remedy = phrase("Give each article an id of its own.")
            failures.add(_failure(name, number, reason, remedy))
        except ArticleError as error:
            failures.add(error)
    if not articles and not failures.count:
        raise ArticleError(
            name,
            phrase("{name} holds no text.", name=name),
            remedy=phrase("Write one JSON object a line into it, with a field 'text'."),
        )
    return Reading(tuple(articles), failures.all())


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Every line that is not blank, with its number from 1.

    Only a line feed ends one: the other line ends of Unicode may stand in a JSON string.
    """
    start = 0
    for number in itertools.count(1):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        if line.strip():
            yield number, line
        if end < 0:
            return
        start = end + 1


def _article(line: str, number: int, article_id: str, name: str) -> Article:
    one_object = phrase("Write one JSON object a line.")
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _failure(name, number, _reason(error), one_object) from error
    if not isinstance(fields, dict):
        raise _failure(name, number, phrase("It is not an object."), one_object)
    text = next(
        (value for key in _TEXTS if isinstance(value := fields.get(key), str) and value.strip()),
        None,
    )
    if text is None:
        raise _failure(
            name,
            number,
            phrase("It has no field 'text' with a text."),
            phrase("Write one into it."),
        )
    own = _own_id(fields.get("id"))
    full_id = f"{article_id}-{own or number}"
    title = field(fields.get("title")) or field(headline(text))
    return Article(
        id=full_id,
        title=title or title_from_id(own or full_id),
        text=text,
        source=field(fields.get("source")),
        url=web_address(fields.get("url")),
        author=field(fields.get("author")),
        published=field(fields.get("published")) or field(fields.get("date")),
        pages=_pages(fields, len(text)),
    )


def _own_id(value: object) -> str | None:
    said = field(value)
    return own_id(value if isinstance(value, str) else said) if said else None


def _pages(fields: Mapping[str, Any], characters: int) -> tuple[int, ...]:
    """Where pages begin; nothing where the field means something else, such as their number."""
    pages = fields.get("pages")
    if (
        isinstance(pages, list)
        and all(type(page) is int and 0 <= page <= characters for page in pages)
        and all(before <= after for before, after in itertools.pairwise(pages))
    ):
        return tuple(pages)
    return ()


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return phrase(
            "It is not JSON: {reason}, at character {number}.",
            reason=error.msg,
            number=error.colno,
        )
    if isinstance(error, RecursionError):
        return phrase("It is nested too deeply.")
    return phrase("It holds a number that is too long.")


def _failure(name: str, number: int, why: str, remedy: str) -> ArticleError:
    return ArticleError(
        name,
        phrase("Line {number} of {name} cannot be read.", number=number, name=name),
        why=why,
        remedy=remedy,
    )


def _too_many(name: str, number: int, limits: Limits) -> ArticleError:
    return ArticleError(
        name,
        phrase("{name} is not read from line {number} on.", name=name, number=number),
        why=phrase(
            "At most {articles} articles are read, and as many wrong lines.",
            articles=limits.articles,
        ),
        remedy=phrase("Split it into several files."),
    )
