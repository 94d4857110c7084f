"""Markdown with optional YAML front matter: title, source, author, published, url."""

from __future__ import annotations

import datetime
import re
from typing import Any, Final

import frontmatter
import yaml

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.readers.plain_text import title_from_id

_HEADING: Final = re.compile(r"^[ ]{0,3}#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_WEB: Final = re.compile(r"https?://[^\s<>\"]+\Z", re.IGNORECASE)


def read(article_id: str, content: str) -> Article:
    """The article in ``content``.

    Its text is the Markdown below the front matter, as it is written. The title is the front
    matter's, else the first heading's, else it is made from the id.

    Raises:
        ArticleError: The front matter is not YAML, or a field in it is not a plain value.
    """
    try:
        metadata, text = frontmatter.parse(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ArticleError(
            article_id,
            f"The front matter of {article_id} is not YAML.",
            why=_place(error),
            remedy="Correct the lines between the two '---', or remove them.",
        ) from error
    fields = {
        name: _plain(article_id, name, metadata.get(name))
        for name in ("title", "source", "author", "published", "url")
    }
    url = fields["url"]
    if url is not None and not _WEB.match(url):
        raise ArticleError(
            article_id,
            f"The url of {article_id} is not a web address.",
            why="It must start with http:// or https:// and hold no spaces.",
            remedy="Correct the field 'url' in its front matter, or remove it.",
        )
    heading = _HEADING.search(text)
    title = fields["title"] or (heading.group(1) if heading else None) or title_from_id(article_id)
    return Article(
        id=article_id,
        title=title,
        text=text,
        source=fields["source"],
        url=url,
        author=fields["author"],
        published=fields["published"],
    )


def _plain(article_id: str, name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return " ".join(str(value).split()) or None
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(" ".join(item.split()) for item in value) or None
    raise ArticleError(
        article_id,
        f"The front matter of {article_id} has no plain value for '{name}'.",
        remedy=f"Write it as one line: '{name}: …'.",
    )


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be parsed"
    # The front matter starts on the file's second line, and YAML counts lines from 0.
    return f"Line {mark.line + 2}: {problem}." if mark is not None else f"{problem}."
