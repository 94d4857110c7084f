"""Files into articles: one module a file format."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.readers import markdown, plain_text

Reader = Callable[[str, str, str], Article]
"""``(article id, decoded file, the file's name for people) -> Article``, or ``ArticleError``."""

READERS: Final[dict[str, Reader]] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": plain_text.read,
    ".text": plain_text.read,
}
MAX_FILE_BYTES: Final = 10 * 1024 * 1024
_KINDS: Final = "Markdown (.md) or plain text (.txt)"


def is_readable(path: Path) -> bool:
    """Whether the file's name is that of an article, hidden files excepted."""
    return path.suffix.lower() in READERS and not path.name.startswith(".")


def read(path: Path, article_id: str, name: str | None = None) -> Article:
    """The article in the file ``path``.

    Args:
        name: What the file is called in errors; its own name where not given.

    Raises:
        ArticleError: The file cannot be read, is not UTF-8, is too large or holds no text.
    """
    name = name or path.name
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ArticleError(name, f"{name} is not {_KINDS}.", remedy="Convert it to one of these.")
    article = reader(article_id, _text(path, name), name)
    if not any(character.isalnum() for character in article.text):
        raise ArticleError(name, f"{name} holds no text.", remedy="Write the article into it.")
    return article


def _text(path: Path, name: str) -> str:
    try:
        # Asked first: opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ArticleError(
                name, f"{name} is not a file.", remedy="Put a file of text in its place."
            )
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ArticleError(
            name,
            f"{name} cannot be read.",
            why=f"The system says: {error.strerror}.",
            remedy="Check that the file exists and that this user may read it.",
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise ArticleError(
            name,
            f"{name} is too large: at most {MAX_FILE_BYTES:,} bytes are read.",
            remedy="Split it into several articles.",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArticleError(
            name,
            f"{name} is not UTF-8 text.",
            why=f"Byte {error.start} cannot be decoded.",
            remedy="Save it as UTF-8.",
        ) from error
    if "\0" in text:
        raise ArticleError(
            name,
            f"{name} is not a text file.",
            why="It holds zero bytes, as binary files do.",
            remedy=f"Convert it to {_KINDS}, in UTF-8.",
        )
    return text


def slug(name: str) -> str:
    """A name as an article id: lower case, letters and digits of any script, single hyphens."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-") or "article"
