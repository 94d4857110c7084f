"""The articles of a segment: in memory, or in files from which each is read when looked at."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from retrieval.articles import Article
from retrieval.engines.embedded.columns import ColumnsInFiles, open_columns
from retrieval.errors import DamagedError
from retrieval.languages import Language

_FOLDER: Final = "articles"
RECORDS: Final = f"{_FOLDER}/records.bin"
"""The file whose parts are checked when they are read."""
_AT_HAND: Final = 1000
"""Articles that are kept in memory once they were read."""
_LARGEST_AT_HAND: Final = 200_000
"""Bytes from which an article is read each time: memory has to stay bounded."""


class SegmentArticles(Protocol):
    """Articles by id, in their order."""

    def __getitem__(self, id_: str, /) -> Article: ...

    def __iter__(self) -> Iterator[str]: ...

    def __len__(self) -> int: ...

    def __contains__(self, id_: object, /) -> bool: ...

    def language(self, id_: str) -> Language:
        """The language that an article is in."""
        ...

    def digest(self, id_: str) -> str:
        """What ``Article.digest`` says of it."""
        ...

    def length(self, id_: str) -> int:
        """How many code points its text has."""
        ...


class ArticlesInMemory:
    """Articles, each with the language that it is in."""

    def __init__(self, articles: Sequence[tuple[Article, Language]]) -> None:
        self._articles = {article.id: (article, language) for article, language in articles}

    def __getitem__(self, id_: str, /) -> Article:
        return self._articles[id_][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._articles)

    def __len__(self) -> int:
        return len(self._articles)

    def __contains__(self, id_: object, /) -> bool:
        return id_ in self._articles

    def language(self, id_: str) -> Language:
        return self._articles[id_][1]

    def digest(self, id_: str) -> str:
        return self[id_].digest

    def length(self, id_: str) -> int:
        return len(self[id_].text)


class StoredArticles:
    """Articles that ``write`` has left in a folder. Safe to share by threads.

    Raises:
        OSError, ValueError, TypeError, KeyError: They cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._columns = open_columns(folder / _FOLDER, in_parts=("records",))
        self._starts = self._columns["starts"]
        ids = json.loads((folder / _FOLDER / "ids.json").read_text("utf-8"))
        self._numbers = {id_: number for number, id_ in enumerate(ids)}
        # Not of a method: whoever remembers its own is freed by the garbage collector alone.
        self._at_hand = lru_cache(_AT_HAND)(partial(_read, self._columns))

    @staticmethod
    def write(folder: Path, articles: Iterable[tuple[Article, Language]]) -> None:
        """Keep articles, each with the language that it is in.

        Raises:
            OSError: The folder cannot be written.
        """
        within = folder / _FOLDER
        within.mkdir()
        ids, end = [], 0
        with ColumnsInFiles(within) as files:
            files.append("starts", np.zeros(1, dtype=np.int64))
            for article, language in articles:
                record = to_record(article, language)
                end += len(record)
                ids.append(article.id)
                files.append("records", np.frombuffer(record, dtype=np.uint8))
                files.append("starts", np.array([end], dtype=np.int64))
                files.append("checks", np.array([zlib.crc32(record)], dtype=np.uint32))
                files.append("lengths", np.array([len(article.text)], dtype=np.int32))
                digest = np.frombuffer(bytes.fromhex(article.digest), dtype=np.uint8)
                files.append("digests", digest.reshape(1, -1))
            files.finish()
        (within / "ids.json").write_text(json.dumps(ids), "utf-8")

    def __getitem__(self, id_: str, /) -> Article:
        return self._record(id_)[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, id_: object, /) -> bool:
        return id_ in self._numbers

    def language(self, id_: str) -> Language:
        return self._record(id_)[1]

    def digest(self, id_: str) -> str:
        return bytes(self._columns["digests"][self._numbers[id_]]).hex()

    def length(self, id_: str) -> int:
        return int(self._columns["lengths"][self._numbers[id_]])

    def _record(self, id_: str) -> tuple[Article, Language]:
        number = self._numbers[id_]
        if self._starts[number + 1] - self._starts[number] > _LARGEST_AT_HAND:
            return _read(self._columns, number)
        return self._at_hand(number)


def _read(columns: Mapping[str, Any], number: int) -> tuple[Article, Language]:
    """An article and its language.

    Raises:
        DamagedError: What is stored is not what was written.
    """
    starts = columns["starts"]
    place = slice(int(starts[number]), int(starts[number + 1]))
    record = columns["records"][place].tobytes()
    if zlib.crc32(record) != columns["checks"][number]:
        raise DamagedError(f"article {number} was changed")
    return from_record(record)


def to_record(article: Article, language: Language) -> bytes:
    """An article with its language, in bytes."""
    fields: dict[str, Any] = {
        "id": article.id,
        "title": article.title,
        "text": article.text,
        "source": article.source,
        "url": article.url,
        "author": article.author,
        "published": article.published,
        "pages": article.pages,
        "language": language.code,
    }
    # Not as ASCII: there, one half of a surrogate pair after the other becomes one character.
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


def from_record(record: bytes) -> tuple[Article, Language]:
    """What ``to_record`` was given."""
    fields: Mapping[str, Any] = json.loads(record.decode("utf-8", "surrogatepass"))
    known = {name: value for name, value in fields.items() if name not in ("language", "pages")}
    return Article(**known, pages=tuple(fields["pages"])), Language(fields["language"])
