"""Documents into articles: one module a file format.

Each has ``read(document, article_id, limits) -> Reading``, which raises ``ArticleError`` where
nothing can be read at all. They are imported when they are needed: who reads Markdown need not
wait for what reads PDF.
"""

from __future__ import annotations

import importlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, Protocol, cast
from urllib.parse import unquote, urlsplit

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import all_of, phrase, phrases
from retrieval.readers.documents import Document, Reading
from retrieval.readers.files import check_size
from retrieval.readers.text import beginning


class Reader(Protocol):
    """What a module that reads a format offers."""

    def read(self, document: Document, article_id: str, limits: Limits) -> Reading: ...


@dataclass(frozen=True, slots=True)
class Format:
    """A file format and how it is recognised.

    Attributes:
        name: For people.
        module: That reads it, in this package.
        suffixes: Of file names, in lower case; the first is the usual one.
        media_types: That the web gives it.
    """

    name: str
    module: str
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...] = ()


FORMATS: Final[Mapping[str, Format]] = {
    "markdown": Format(
        "Markdown",
        "markdown",
        (".md", ".markdown"),
        ("text/markdown", "text/x-markdown", "text/x-web-markdown"),
    ),
    "text": Format("plain text", "plain_text", (".txt", ".text")),
    "html": Format(
        "HTML", "html", (".html", ".htm", ".xhtml"), ("text/html", "application/xhtml+xml")
    ),
    "pdf": Format("PDF", "pdf", (".pdf",), ("application/pdf", "application/x-pdf")),
    "docx": Format(
        "Word",
        "docx",
        (".docx",),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    ),
    "epub": Format("EPUB", "epub", (".epub",), ("application/epub+zip",)),
    "jsonl": Format(
        "JSON Lines",
        "jsonl",
        (".jsonl", ".ndjson"),
        ("application/jsonl", "application/x-ndjson", "application/ndjson"),
    ),
    "feed": Format(
        "RSS or Atom",
        "feed",
        (".rss", ".atom"),
        ("application/rss+xml", "application/atom+xml", "application/rdf+xml"),
    ),
}
_BY_SUFFIX: Final = {suffix: key for key, kind in FORMATS.items() for suffix in kind.suffixes}
_BY_MEDIA_TYPE: Final = {media: key for key, kind in FORMATS.items() for media in kind.media_types}
_NEVER_ARTICLES: Final = ("audio/", "font/", "image/", "video/")

_PROLOG: Final = re.compile(
    # Atomic, so that a prolog without end costs one look at each character.
    r"(?>\ufeff|\s+|<\?.*?\?>|<!--.*?-->|<!doctype(?!\s+html)[^>\[]*(?:\[.*?\])?[^>]*>)*+",
    re.DOTALL | re.IGNORECASE,
)
_HTML: Final = re.compile(r"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_FEED: Final = re.compile(r"<(?:rss|(?:\w+:)?feed|rdf:RDF)[\s>]", re.IGNORECASE)


def is_readable(path: Path) -> bool:
    """Whether the file's name is that of an article, hidden files excepted."""
    return format_of_name(path.name) is not None and not path.name.startswith(".")


def format_of_name(name: str) -> str | None:
    """The format that a file's name ends with, if it is one of ``FORMATS``."""
    return _BY_SUFFIX.get(PurePosixPath(name).suffix.lower())


def format_of_response(media_type: str | None, url: str, content: bytes) -> str | None:
    """The format of what a server sent, if it is one of ``FORMATS``.

    What the server calls it decides. Where it says nothing, or no more than "text", "XML" or
    "bytes", the address decides, and then the content.

    Args:
        media_type: The header ``Content-Type``, with or without parameters.
        url: Where it came from, after every redirect.
    """
    media_type = (media_type or "").partition(";")[0].strip().lower()
    if media_type in _BY_MEDIA_TYPE:
        return _BY_MEDIA_TYPE[media_type]
    if media_type.startswith(_NEVER_ARTICLES):
        return None
    found = format_of_name(_path_of(url)) or _format_of_content(content)
    return found or ("text" if media_type == "text/plain" else None)


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The articles in ``document``.

    Those that hold no text, or too much, are among the failures. The ids of several articles begin
    with ``article_id``, and stay the same while the document grows.

    Raises:
        ArticleError: The document is too large, of no known format or cannot be read, or its one
            article cannot.
    """
    name = document.name
    check_size(document.content, name, limits)
    kind = FORMATS.get(document.format)
    if kind is None:
        raise ArticleError(
            name,
            phrase("{name} is of no format that can be read.", name=name),
            why=phrase("These can: {formats}.", formats=known_formats()),
            remedy=phrase("Convert it to one of these."),
        )
    reader = cast("Reader", importlib.import_module(f"{__name__}.{kind.module}"))
    try:
        reading = reader.read(document, article_id, limits)
    except RecursionError as error:
        raise ArticleError(
            name,
            phrase("{name} cannot be read.", name=name),
            why=phrase("Its parts are nested too deeply."),
            remedy=phrase("Save it as plain text."),
        ) from error
    reading = _checked(reading, name, limits)
    if len(reading.failures) == 1 and not reading.articles and not reading.linked:
        raise reading.failures[0]
    return reading


def known_formats() -> str:
    """Every format as people call it, with the usual ending of its files."""
    names = [f"{kind.name} ({kind.suffixes[0]})" for kind in FORMATS.values()]
    return all_of(names)


def slug(name: str) -> str:
    """A name as an article id: lower case, letters and digits of any script, single hyphens."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-") or "article"


def _checked(reading: Reading, name: str, limits: Limits) -> Reading:
    single = len(reading.articles) + len(reading.failures) + len(reading.linked) == 1
    articles: list[Article] = []
    failures = list(reading.failures)
    for article in reading.articles:
        problem = _problem(article, name if single else f"{name}, {article.id}", name, limits)
        if problem is None:
            articles.append(article)
        else:
            failures.append(problem)
    return replace(reading, articles=tuple(articles), failures=tuple(failures))


def _problem(article: Article, called: str, name: str, limits: Limits) -> ArticleError | None:
    if len(article.text) > limits.characters:
        return ArticleError(
            name,
            phrase(
                "{called} is too long: at most {characters} characters are read.",
                called=called,
                characters=limits.characters,
            ),
            why=phrases(
                "It has {count} character.", "It has {count} characters.", len(article.text)
            ),
            remedy=phrase("Split it into several articles."),
        )
    if not any(character.isalnum() for character in article.text):
        return ArticleError(
            name,
            phrase("{called} holds no text.", called=called),
            remedy=phrase("Write the article into it."),
        )
    return None


def _path_of(url: str) -> str:
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""


def _format_of_content(content: bytes) -> str | None:
    if content[:1024].lstrip().startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"PK\x03\x04"):
        # The names of what an archive holds stand in it as they are.
        if b"mimetypeapplication/epub+zip" in content[:256]:
            return "epub"
        if b"word/document.xml" in content:
            return "docx"
        return "epub" if b"META-INF/container.xml" in content else None
    start = beginning(content)
    root = prolog.end() if (prolog := _PROLOG.match(start)) else 0
    if _HTML.match(start, root):
        return "html"
    return "feed" if _FEED.match(start, root) else None
