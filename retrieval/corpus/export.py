"""A collection as files that people and other programs read, and Footnote too.

``articles.jsonl`` has every article exactly, one a line; where one file would hold more than is
read at once, ``articles-2.jsonl`` and so on follow. ``articles/`` has each as Markdown, for people,
``originals/`` the files that were uploaded, byte for byte. The same articles make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

import yaml

from retrieval.articles import Article
from retrieval.corpus.corpus import Corpus
from retrieval.durable import flush
from retrieval.errors import StorageError
from retrieval.limits import Limits

log = logging.getLogger(__name__)

_FIELDS: Final = ("title", "source", "author", "published", "url")
_NAME_BYTES: Final = 120
"""Of a file's name: room enough for whoever unpacks it deep down in a tree."""
_SUFFIX_BYTES: Final = 20
_UNSAFE: Final = re.compile(r'[<>:"/\\|?*]')
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³])(?:\.|\Z)", re.IGNORECASE)
"""What Windows takes for a device, whatever follows the dot."""


def export(corpus: Corpus, path: Path) -> int:
    """Write a collection to ``path``; returns how many articles it has.

    Args:
        path: A ZIP archive where its name ends with ``.zip``, in the place of what it was;
            otherwise a folder, which must be empty or new.

    Raises:
        StorageError: It cannot be written, or the folder is not empty.
    """
    with _as_storage_errors(path):
        if path.suffix.lower() == ".zip":
            return _to_archive(corpus, path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StorageError(
                f"{path} is not an empty folder.",
                remedy="Name a new one, or a file that ends with .zip. Nothing was written.",
            )
        with tempfile.TemporaryFile() as file:
            number = write_export(corpus, file)
            path.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(file) as archive:
                archive.extractall(path)
        return number


def write_export(corpus: Corpus, file: BinaryIO) -> int:
    """Write a collection as a ZIP archive; returns how many articles it has.

    One that was never opened is written as its sources are now. What was removed is left out, and
    with a warning an upload that the disk has damaged.

    Raises:
        CorpusError: A source is missing.
        OSError: It cannot be written.
    """
    inventory = corpus.inventory()
    if inventory.generation is None:
        inventory = corpus.catalogue().inventory
    articles = list(inventory.articles().values())
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, lines in enumerate(_parts(articles, Limits()), start=1):
            _put(archive, f"articles-{number}.jsonl" if number > 1 else "articles.jsonl", lines)
        names = _Names()
        for article in articles:
            _put(archive, f"articles/{names.take(f'{article.id}.md')}", _markdown(article))
        names = _Names()
        for entry in inventory.entries:
            source = entry.source
            if source.kind != "upload" or all(held.removed for held in entry.articles):
                continue
            content = corpus.original(entry)
            if content is None:
                log.warning("The upload %s is missing or damaged, so it is left out.", source.name)
                continue
            _put(archive, f"originals/{names.take(source.name)}", content)
    return len(articles)


class _Names:
    """The names of the files in one folder: none leads out of it or is taken twice, anywhere."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """A name like ``wanted`` that is free, from now on taken."""
        stem, suffix = _split(wanted)
        for number in count(1):
            name = f"{stem}-{number}{suffix}" if number > 1 else f"{stem}{suffix}"
            # Some systems tell names apart by case and by how accents are written, others do not.
            key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
            if key not in self._taken:
                break
        self._taken.add(key)
        return name


def _split(wanted: str) -> tuple[str, str]:
    """A name as its stem and its suffix, both fit for the name of a file."""
    safe = "".join(
        "_" if unicodedata.category(character)[0] == "C" else character
        for character in _UNSAFE.sub("_", wanted)
    ).strip(" .")
    path = PurePosixPath(safe or "file")
    stem, suffix = path.stem.rstrip(" ."), path.suffix
    if len(suffix.encode()) > _SUFFIX_BYTES:
        stem, suffix = path.name, ""
    if len(stem.encode()) > _NAME_BYTES:
        mark = hashlib.sha256(wanted.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        stem = f"{stem.encode()[:_NAME_BYTES].decode('utf-8', 'ignore').rstrip(' .')}-{mark}"
    return (f"_{stem}" if _RESERVED.match(stem) else stem), suffix


def _parts(articles: Iterable[Article], limits: Limits) -> Iterator[bytes]:
    """The articles as JSON Lines, in files that are not too large to be read; at least one."""
    lines: list[bytes] = []
    size = 0
    for article in articles:
        line = _line(article)
        if lines and (len(lines) >= limits.articles or size + len(line) > limits.file_bytes):
            yield b"".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    yield b"".join(lines)


def _line(article: Article) -> bytes:
    fields = {
        "id": article.id,
        "title": article.title,
        "text": article.text,
        "source": article.source,
        "url": article.url,
        "author": article.author,
        "published": article.published,
        "pages": list(article.pages),
    }
    # What is no character becomes \udXXX, which is how JSON writes it.
    return f"{json.dumps(fields, ensure_ascii=False)}\n".encode("utf-8", "backslashreplace")


def _markdown(article: Article) -> bytes:
    values = {name: getattr(article, name) for name in _FIELDS}
    given = {name: value for name, value in values.items() if value}
    matter = yaml.safe_dump(given, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{matter}---\n\n{article.text}\n".encode("utf-8", "replace")


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    # Without the time, so that what did not change is the same file.
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)


def _to_archive(corpus: Corpus, path: Path) -> int:
    unfinished = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            number = write_export(corpus, file)
        flush(unfinished)
        unfinished.replace(path)
        flush(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
    return number


@contextmanager
def _as_storage_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The export {path} cannot be written.",
            why=f"The system says: {error.strerror or error}.",
            remedy="Check its name, its permissions and the space on the disk.",
        ) from error
