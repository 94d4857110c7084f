"""HTML: the main text of a web page, without what stands around it, and what the page says of it.

The main text is what trafilatura finds (https://aclanthology.org/2021.acl-demo.15/), or all words
of the page where it finds none.
"""

from __future__ import annotations

import re
from typing import Any, Final

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.readers.documents import Document, Reading
from retrieval.readers.elements import BESIDE, Element, preformatted, text_of
from retrieval.readers.fields import day, field, web_address
from retrieval.readers.plain_text import title_from_id
from retrieval.readers.text import decode

_DECLARED: Final = re.compile(
    rb"""<meta\b[^>]{0,200}?\bcharset\s*=\s*["']?\s*([\w.:-]{1,40})"""
    rb"""|\A\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_DECLARED_WITHIN: Final = 4096
_XML_DECLARATION: Final = re.compile(r"\A\s*<\?xml\b[^>]*\?>", re.IGNORECASE)
_LEADING_HEADING: Final = re.compile(r"#{1,6} (.+)")
_TOO_DEEP: Final = "Excessive depth"

_SHORT: Final = 250
"""Characters: trafilatura's heuristics are for longer texts."""


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The article in a web page.

    Its address is the one that the page calls its own, else the one that it was fetched from.

    Raises:
        ArticleError: It is not text, or there are no words in it.
    """
    name = document.name
    # The server's word comes before the page's: it may have converted the page.
    declared = document.charset or declared_encoding(document.content)
    text = decode(document.content, name, declared)
    root = _parsed(text, name)
    title, url = _title(root), _canonical(root, document.url)
    needs_script = root.find(".//script") is not None
    found, about = _main_text(root)
    if len(found) < _SHORT:
        # Of a page so short trafilatura takes all words too, and runs them together. The page is
        # parsed again: what trafilatura holds for no text, it takes out of the tree.
        whole = _whole_text(_parsed(text, name))
        if len(whole) < 2 * _SHORT or not _has_words(found):
            found = whole
    if not _has_words(found):
        raise _wordless(name, needs_script)
    article = Article(
        id=article_id,
        title=_heading(found, title) or field(about.title) or title or title_from_id(article_id),
        text=found,
        source=field(about.sitename),
        url=url or document.url,
        author=field(about.author),
        published=day(field(about.date)),
    )
    return Reading((article,))


def text_of_fragment(markup: str) -> str:
    """The text of a stretch of HTML that is all main text, such as an entry of a feed.

    Raises:
        RecursionError: Its elements are nested too deeply.
    """
    from lxml import etree

    try:
        root, errors = _tree(f"<body><div>{markup}</div></body>")
    except (etree.LxmlError, ValueError, AssertionError):
        return ""
    if _TOO_DEEP in errors:
        raise RecursionError
    return text_of(root)


def declared_encoding(content: bytes) -> str | None:
    """The encoding that a page names in a ``meta`` element or an XML declaration."""
    found = _DECLARED.search(content[:_DECLARED_WITHIN])
    return (found[1] or found[2]).decode("ascii", "ignore") if found else None


class _Unknown:
    """What is known of a page whose metadata cannot be read."""

    title = author = sitename = date = None


def _parsed(text: str, name: str) -> Element:
    from lxml import etree

    why = phrase("There are no words in it.")
    try:
        root, errors = _tree(text)
        if _TOO_DEEP not in errors:
            return root
        why = phrase("Its elements are nested too deeply.")
    except (etree.LxmlError, ValueError, AssertionError):
        pass
    raise ArticleError(
        name,
        phrase("{name} cannot be read as HTML.", name=name),
        why=why,
        remedy=phrase("Save its text as plain text."),
    )


def _tree(text: str) -> tuple[Element, str]:
    """The page's tree, and what the parser had to say of it.

    libxml2 ends where elements are nested 256 deep: the limit stays on, for beyond it trees are
    copied and freed by recursion in C, which ends the process.
    """
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=False)
    content = _XML_DECLARATION.sub("", text).encode("utf-8", "replace")
    root = html.document_fromstring(content, parser=parser)
    return root, "\n".join(entry.message for entry in parser.error_log)


def _main_text(root: Element) -> tuple[str, Any]:
    from trafilatura import bare_extraction
    from trafilatura.settings import set_date_params

    try:
        found = bare_extraction(
            _made_plain(root),
            with_metadata=True,
            include_comments=False,
            # Only dates that the page declares: one found in its text could be any.
            date_extraction_params=set_date_params(extensive=False),
        )
        if found is not None and not isinstance(found, dict):
            return text_of(found.body) if found.body is not None else "", found
    except MemoryError:
        raise
    except Exception:  # noqa: S110
        # Its heuristics meet trees that nobody thought of, and fail in as many ways; the words
        # are in the page all the same.
        pass
    return "", _Unknown


def _made_plain(root: Element) -> Element:
    """The tree without what trafilatura takes for text that it is not, or for less than it is."""
    from lxml import etree

    for element in list(root.iter("noscript")):
        element.drop_tree()  # What a page without JavaScript says of itself is not its text.
    for element in list(root.iter("pre")):
        # Preformatted text keeps its lines where it is code, and loses them elsewhere.
        text, tail = preformatted(element), element.tail
        element.clear()
        element.tail = tail
        etree.SubElement(element, "code").text = text
    return root


def _whole_text(root: Element) -> str:
    body = root.find("body")
    if body is None:
        body = root
    return text_of(body, BESIDE) or text_of(body)


def _title(root: Element) -> str | None:
    title = root.find(".//title")
    return field("".join(title.itertext())) if title is not None else None


def _heading(text: str, title: str | None) -> str | None:
    """The heading that the text begins with, where the page's title begins with it too.

    Titles go on to name the site, and the first heading of a page may stand beside its text.
    """
    heading = _LEADING_HEADING.match(text)
    words = field(heading[1]) if heading else None
    return words if words is not None and (title or "").startswith(words) else None


def _canonical(root: Element, url: str | None) -> str | None:
    for link in root.iterfind(".//link[@rel][@href]"):
        if "canonical" in link.get("rel").lower().split():
            return web_address(link.get("href"), url)
    for meta in root.iterfind(".//meta[@property='og:url']"):
        return web_address(meta.get("content"), url)
    return None


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _wordless(name: str, needs_script: bool) -> ArticleError:
    if needs_script:
        return ArticleError(
            name,
            phrase("{name} holds no text.", name=name),
            why=phrase("The page fills itself by JavaScript, which is not run here."),
            remedy=phrase("Open it in a browser and save its text, or print it into a PDF."),
        )
    return ArticleError(
        name,
        phrase("{name} holds no text.", name=name),
        remedy=phrase("Write the article into it."),
    )
