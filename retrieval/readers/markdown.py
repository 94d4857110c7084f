"""Markdown with optional YAML front matter: title, source, author, published, url."""

from __future__ import annotations

import re
from typing import Final

import yaml

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.readers.documents import Document, Reading
from retrieval.readers.fields import is_web_address
from retrieval.readers.plain_text import one_line, title_from_id
from retrieval.readers.text import decode

_FIELDS: Final = ("title", "source", "author", "published", "url")
_LINE_END: Final = r"[ \t]*(?:\r\n|\r|\n|\Z)"
_OPENING: Final = re.compile(rf"\s*^---{_LINE_END}", re.MULTILINE)
_CLOSING: Final = re.compile(rf"(?:(?<=[\r\n])|\A)(?:---|\.\.\.){_LINE_END}")
_FIELD: Final = re.compile(r"[\w-]+[ \t]*:(?:\s|\Z)")
_HEADING: Final = re.compile(r"(?:(?<=[\r\n])|\A)[ ]{0,3}#[ \t]+([^\r\n]+)")
_MAX_CHARACTERS: Final = 20_000
_NULL: Final = "tag:yaml.org,2002:null"


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The article in ``document``.

    Its text is the Markdown below the front matter, as it is written. The title is the front
    matter's, else the first heading's, else it is made from the id.

    Raises:
        ArticleError: It is not text, the front matter is not YAML, or a field in it is not a
            plain value.
    """
    name = document.name
    front_matter, text = _split(decode(document.content, name), name)
    fields = _fields(front_matter, name)
    url = fields.get("url")
    if url is not None and not is_web_address(url):
        raise ArticleError(
            name,
            phrase("The url of {name} is not a web address.", name=name),
            why=phrase("It must start with http:// or https:// and hold no spaces."),
            remedy=phrase("Correct the field 'url' in its front matter, or remove it."),
        )
    article = Article(
        id=article_id,
        title=fields.get("title") or _first_heading(text) or title_from_id(article_id),
        text=text,
        source=fields.get("source"),
        url=url or document.url,
        author=fields.get("author"),
        published=fields.get("published"),
    )
    return Reading((article,))


def _split(content: str, name: str) -> tuple[str, str]:
    """The front matter, which may be empty, and the text below it."""
    opening = _OPENING.match(content)
    if opening is None:
        return "", content.strip()
    closing = _CLOSING.search(content, opening.end())
    if closing is None:
        if not _FIELD.match(content, opening.end()):
            return "", content.strip()  # The line is a rule across the page.
        raise ArticleError(
            name,
            phrase("The front matter of {name} has no end.", name=name),
            why=phrase("It begins with a line '---', and no second one follows."),
            remedy=phrase("Write a line '---' below the last field."),
        )
    front_matter = content[opening.end() : closing.start()]
    if len(front_matter) > _MAX_CHARACTERS:
        raise ArticleError(
            name,
            phrase("The front matter of {name} is too long.", name=name),
            why=phrase(
                "It has {count} characters, at most {max_characters} are read.",
                count=len(front_matter),
                max_characters=_MAX_CHARACTERS,
            ),
            remedy=phrase("Move the text below the second line '---'."),
        )
    return front_matter, content[closing.end() :].strip()


def _fields(front_matter: str, name: str) -> dict[str, str | None]:
    """The fields as they are written: a title ``No`` or ``12:30`` is no boolean and no number.

    The YAML is composed and not constructed, so that nothing in it is expanded or converted.
    """
    try:
        root = yaml.compose(front_matter, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise ArticleError(
            name,
            phrase("The front matter of {name} is not YAML.", name=name),
            why=_place(error),
            remedy=phrase("Correct the lines between the two '---', or remove them."),
        ) from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ArticleError(
            name,
            phrase("The front matter of {name} holds no fields.", name=name),
            remedy=phrase(
                "Write each as one line, such as 'title: …', or remove both lines '---'."
            ),
        )
    return {
        key.value: _plain(name, key.value, value)
        for key, value in root.value
        if isinstance(key, yaml.ScalarNode) and key.value in _FIELDS
    }


def _plain(name: str, field: str, node: yaml.Node) -> str | None:
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == _NULL else one_line(node.value) or None
    if isinstance(node, yaml.SequenceNode) and all(
        isinstance(item, yaml.ScalarNode) for item in node.value
    ):
        return one_line(", ".join(item.value for item in node.value)) or None
    raise ArticleError(
        name,
        phrase(
            "The front matter of {name} has no plain value for '{field}'.", name=name, field=field
        ),
        remedy=phrase("Write it as one line: '{field}: …'.", field=field),
    )


def _first_heading(text: str) -> str | None:
    heading = _HEADING.search(text)
    return one_line(re.sub(r"[ \t]#+[ \t]*\Z", "", heading.group(1))) if heading else None


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or phrase("it cannot be parsed")
    if mark is None:
        return phrase("The parser says: {problem}.", problem=problem)
    # The front matter starts on the file's second line, and YAML counts lines from 0.
    return phrase("Line {number}: {problem}.", number=mark.line + 2, problem=problem)
