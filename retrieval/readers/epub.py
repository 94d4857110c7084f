"""EPUB: the chapters of a book in their order, one article together.

The archive is read here with ``zipfile`` and lxml. EbookLib, which most programs use, is under the
AGPL; of the libraries under other licences none has been kept up for long and is used by many.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.entities import name2codepoint
from typing import Final
from urllib.parse import unquote

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import Phrase, phrase
from retrieval.readers import _archive, _metadata, elements
from retrieval.readers.documents import Document, Reading
from retrieval.readers.elements import Element
from retrieval.readers.plain_text import title_from_id

_CONTAINER: Final = "META-INF/container.xml"
_ENCRYPTION: Final = "META-INF/encryption.xml"
_CHAPTERS: Final = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
_UNREAD: Final = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".mp3", ".mp4", ".m4a", ".css")
_FONTS: Final = (".otf", ".ttf", ".woff", ".woff2", ".ttc")
_FONT_ALGORITHMS: Final = {
    "http://www.idpf.org/2008/embedding",
    "http://ns.adobe.com/pdf/enc#RC",
}
"""These only keep fonts from being taken out of the book."""
_ENTITY: Final = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,30});")
_XML_ENTITIES: Final = {b"amp", b"lt", b"gt", b"quot", b"apos"}
_AUTHOR: Final = {None, "", "aut"}
_WITHOUT: Final = frozenset({"nav"})


@dataclass(frozen=True, slots=True)
class _Book:
    """What the package document says: the names of the chapters in the archive, and the rest."""

    chapters: tuple[str, ...]
    title: str | None
    author: str | None
    published: str | None
    publisher: str | None


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The book as one article: headings, paragraphs, lists and tables of its chapters.

    The table of contents is left out. A chapter that the archive lacks is among the failures.

    Raises:
        ArticleError: The file is damaged, protected, too large or holds no text.
    """
    from lxml import etree

    name = document.name
    members = _archive.members(document.content, name, _unreadable(name), limits, _is_read)
    try:
        _refuse_protected(members, name)
        book = _book(members, name)
        failures = []
        texts = []
        for chapter in book.chapters:
            content = members.get(chapter)
            if content is None:
                failures.append(_missing(name, chapter))
            elif text := _text(content):
                texts.append(text)
    except (etree.LxmlError, ValueError, LookupError, RecursionError, AssertionError) as error:
        raise _archive.damaged(name, _unreadable(name)) from error
    if not texts:
        raise failures[0] if failures else _textless(name)
    article = Article(
        id=article_id,
        title=book.title or title_from_id(article_id),
        text="\n\n".join(texts),
        source=book.publisher,
        url=document.url,
        author=book.author,
        published=book.published,
    )
    return Reading((article,), tuple(failures))


def _unreadable(name: str) -> Phrase:
    return phrase("{name} cannot be read as an EPUB.", name=name)


def _is_read(name: str) -> bool:
    return not name.lower().endswith((*_UNREAD, *_FONTS))


def _refuse_protected(members: Mapping[str, bytes], name: str) -> None:
    if _ENCRYPTION not in members:
        return
    for data in _all(_xml(members[_ENCRYPTION]), "EncryptedData"):
        methods = [method.get("Algorithm") for method in _all(data, "EncryptionMethod")]
        covered = [reference.get("URI") or "" for reference in _all(data, "CipherReference")]
        only_fonts = all(path.lower().endswith(_FONTS) for path in covered)
        if not only_fonts and not (methods and set(methods) <= _FONT_ALGORITHMS):
            raise ArticleError(
                name,
                phrase("{name} is protected against copying.", name=name),
                why=phrase(
                    "Its chapters are encrypted, and only the shop's own reader opens them."
                ),
                remedy=phrase("Add an edition without this protection, if there is one."),
            )


def _book(members: Mapping[str, bytes], name: str) -> _Book:
    roots = _all(_xml(members.get(_CONTAINER, b"")), "rootfile")
    path = next((_path("", root.get("full-path")) for root in roots), None)
    if path is None or path not in members:
        raise _archive.damaged(name, _unreadable(name))
    package = _xml(members[path])
    items = {item.get("id"): item for item in _all(package, "item")}
    contents = {
        _path(path, reference.get("href"))
        for reference in _all(package, "reference")
        if reference.get("type") == "toc"
    }
    chapters: dict[str, None] = {}  # Each once, so that a spine cannot repeat a chapter endlessly.
    for reference in _all(package, "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS:
            continue
        chapter = _path(path, item.get("href"))
        is_contents = "nav" in (item.get("properties") or "").split() or chapter in contents
        if chapter is not None and not is_contents:
            chapters[chapter] = None
    return _Book(
        chapters=tuple(chapters),
        title=_metadata.title(next(_words(package, "title"), None)),
        author=_metadata.author(", ".join(_authors(package))),
        published=_metadata.published(_date(package)),
        publisher=_metadata.author(next(_words(package, "publisher"), None)),
    )


def _authors(package: Element) -> Iterator[str]:
    """The creators who are authors, or of whom nothing else is said."""
    roles = {
        (meta.get("refines") or "").removeprefix("#"): (meta.text or "").strip()
        for meta in _all(package, "meta")
        if meta.get("property") == "role"
    }
    for creator in _all(package, "creator"):
        marked = next((value for key, value in creator.items() if key.endswith("role")), None)
        if (marked or roles.get(creator.get("id"))) in _AUTHOR:
            yield " ".join("".join(creator.itertext()).split())


def _date(package: Element) -> str | None:
    """The date of publication; EPUB 2 may have others beside it, which it names."""
    dates = [
        (next((value for key, value in date.items() if key.endswith("event")), None), date.text)
        for date in _all(package, "date")
    ]
    named = [text for event, text in dates if event == "publication"]
    plain = [text for event, text in dates if event is None]
    return next(iter(named + plain), None)


def _text(content: bytes) -> str:
    root = _chapter(content)
    body = next(iter(_all(root, "body")), None) if root is not None else None
    return elements.text_of(body, _WITHOUT) if body is not None else ""


def _chapter(content: bytes) -> Element | None:
    """A chapter as a tree: XHTML, or what a browser would make of it where it is not well formed.

    The entities of HTML are written out first: XML knows them from a document type that is never
    fetched, and no entity that a book declares itself is resolved.
    """
    from lxml import etree

    content = _ENTITY.sub(_character, content)
    try:
        return _xml(content)
    except etree.XMLSyntaxError:
        parser = etree.HTMLParser(no_network=True, encoding=_encoding(content))
    try:
        return etree.fromstring(content, parser)
    except etree.LxmlError:
        return None  # There is nothing in it.


def _xml(content: bytes) -> Element:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    return etree.fromstring(content, parser)


def _character(entity: re.Match[bytes]) -> bytes:
    name = entity.group(1)
    point = None if name in _XML_ENTITIES else name2codepoint.get(name.decode("ascii"))
    return entity.group() if point is None else b"&#%d;" % point


def _encoding(content: bytes) -> str | None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _all(root: Element, tag: str) -> Iterator[Element]:
    """Every element with this name, in whatever namespace."""
    yield from root.iter(f"{{*}}{tag}")


def _words(package: Element, tag: str) -> Iterator[str]:
    for element in _all(package, tag):
        if words := " ".join("".join(element.itertext()).split()):
            yield words


def _path(beside: str, reference: str | None) -> str | None:
    """The name in the archive of what a member refers to."""
    if not reference:
        return None
    target = unquote(reference.partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(beside), target)).lstrip("/")


def _missing(name: str, chapter: str) -> ArticleError:
    return ArticleError(
        name,
        phrase("{name} lacks a chapter.", name=name),
        why=phrase(
            "Its list of contents names {chapter}, which is not in the file.", chapter=chapter
        ),
        remedy=phrase("Add another copy of the book."),
    )


def _textless(name: str) -> ArticleError:
    return ArticleError(
        name,
        phrase("{name} has no text: its pages are pictures, or it has none.", name=name),
        remedy=phrase("Add an edition with text."),
    )
