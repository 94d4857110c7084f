"""Plain text: the file is the article, its first line the title where it reads like one."""

from __future__ import annotations

import unicodedata

from retrieval.articles import Article
from retrieval.limits import Limits
from retrieval.readers.documents import Document, Reading
from retrieval.readers.text import decode
from retrieval.segmentation import is_heading, paragraphs


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The article in ``document``. Without a headline it is called after its file.

    Raises:
        ArticleError: It is not text.
    """
    text = decode(document.content, document.name)
    title = headline(text[: limits.characters]) or title_from_id(article_id)
    return Reading((Article(id=article_id, title=title, text=text, url=document.url),))


def headline(text: str) -> str | None:
    """The first paragraph on one line, where it reads like a headline above the others."""
    blocks = paragraphs(text)
    headed = len(blocks) > 1 and is_heading(text, blocks[0])
    return one_line(blocks[0].of(text)) or None if headed else None


def title_from_id(article_id: str) -> str:
    """A readable title from an article's id: ``benghazi-clashes`` becomes ``Benghazi clashes``."""
    words = article_id.replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def one_line(text: str) -> str:
    """A title or a name on one line, without control characters, which could act on a terminal."""
    visible = (c for c in " ".join(text.split()) if unicodedata.category(c) not in {"Cc", "Cs"})
    return " ".join("".join(visible).split())
