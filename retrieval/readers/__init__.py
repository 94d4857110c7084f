"""Files into articles: one module a file format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.readers import markdown, plain_text

Reader = Callable[[str, str], Article]
"""``(article id, decoded file) -> Article``; raises ``ArticleError`` naming what is wrong."""

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


def read(path: Path, article_id: str) -> Article:
    """The article in the file ``path``.

    Raises:
        ArticleError: The file cannot be read, is not UTF-8, is too large or holds no text.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ArticleError(
            path.name, f"{path.name} is not {_KINDS}.", remedy="Convert it to one of these."
        )
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ArticleError(
                path.name,
                f"{path.name} is too large: {size:,} bytes, at most {MAX_FILE_BYTES:,}.",
                remedy="Split it into several articles.",
            )
        content = path.read_bytes()
    except OSError as error:
        raise ArticleError(
            path.name,
            f"{path.name} cannot be read.",
            why=f"The system says: {error.strerror}.",
            remedy="Check that the file exists and that this user may read it.",
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArticleError(
            path.name,
            f"{path.name} is not UTF-8 text.",
            why=f"Byte {error.start} cannot be decoded.",
            remedy="Save it as UTF-8.",
        ) from error
    if "\0" in text:
        raise ArticleError(
            path.name,
            f"{path.name} is not a text file.",
            why="It holds zero bytes, as binary files do.",
            remedy=f"Convert it to {_KINDS}, in UTF-8.",
        )
    article = reader(article_id, text)
    if not any(character.isalnum() for character in article.text):
        raise ArticleError(
            path.name, f"{path.name} holds no text.", remedy="Write the article into it."
        )
    return article


def slug(name: str) -> str:
    """A name as an article id: lower case, letters and digits of any script, single hyphens."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return re.sub(r"[\W_]+", "-", folded).strip("-") or "article"
