"""Plain text: the file is the article, its first line the title where it reads like one."""

from __future__ import annotations

import unicodedata

from retrieval.articles import Article
from retrieval.segmentation import is_heading, paragraphs


def read(article_id: str, content: str, name: str) -> Article:
    """The article in ``content``. Without a headline it is called after its file."""
    blocks = paragraphs(content)
    headed = len(blocks) > 1 and is_heading(content, blocks[0])
    title = one_line(blocks[0].of(content)) if headed else ""
    return Article(id=article_id, title=title or title_from_id(article_id), text=content)


def title_from_id(article_id: str) -> str:
    """A readable title from an article's id: ``benghazi-clashes`` becomes ``Benghazi clashes``."""
    words = article_id.replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def one_line(text: str) -> str:
    """A title or a name on one line, without control characters, which could act on a terminal."""
    visible = (c for c in " ".join(text.split()) if unicodedata.category(c) not in {"Cc", "Cs"})
    return " ".join("".join(visible).split())
