"""The articles of a segment in PostgreSQL, each read when it is looked at."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from retrieval.articles import Article
from retrieval.corpus.segment_articles import from_record, to_record
from retrieval.errors import DamagedError
from retrieval.languages import Language
from retrieval.postgres.schema import SEGMENT_ARTICLES
from retrieval.postgres.servers import Servers

_AT_HAND: Final = 1000
"""Articles that are kept in memory once they were read."""
_LARGEST_AT_HAND: Final = 100_000
"""Code points from which an article is read each time: memory has to stay bounded."""
_AT_ONCE: Final = 200
"""Articles that are sent together."""


@dataclass(frozen=True, slots=True)
class KnownArticles:
    """What is known of a segment's articles without reading them, each in their order.

    Attributes:
        digests: As ``Article.digest`` has them.
        lengths: Of their texts, in code points.
        checksums: Of what is kept of them.
        languages: The codes of those that they are in.
    """

    ids: tuple[str, ...]
    digests: tuple[str, ...]
    lengths: tuple[int, ...]
    checksums: tuple[int, ...]
    languages: tuple[str, ...]

    @classmethod
    def of(cls, articles: Sequence[tuple[Article, Language]]) -> KnownArticles:
        """What is known of articles with their languages."""
        return cls(
            ids=tuple(article.id for article, _ in articles),
            digests=tuple(article.digest for article, _ in articles),
            lengths=tuple(len(article.text) for article, _ in articles),
            checksums=tuple(zlib.crc32(to_record(*each)) for each in articles),
            languages=tuple(language.code for _, language in articles),
        )

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> KnownArticles:
        """What ``to_json`` gave.

        Raises:
            TypeError: It is something else.
        """
        return cls(**{name: tuple(values) for name, values in kept.items()})

    def to_json(self) -> dict[str, Any]:
        """The same, fit for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class PostgresArticles:
    """Articles that ``write_articles`` has put into the tables. Safe to share by threads."""

    def __init__(
        self, servers: Servers, collection: str, segment: str, known: KnownArticles
    ) -> None:
        self._known = known
        self._numbers = {id_: number for number, id_ in enumerate(known.ids)}
        # Not of a method: whoever remembers its own is freed by the garbage collector alone.
        self._read = partial(_read, servers, collection, segment, known)
        self._at_hand = lru_cache(_AT_HAND)(self._read)

    def __getitem__(self, id_: str, /) -> Article:
        number = self._numbers[id_]
        if self._known.lengths[number] > _LARGEST_AT_HAND:
            return self._read(number)
        return self._at_hand(number)

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, id_: object, /) -> bool:
        return id_ in self._numbers

    def language(self, id_: str) -> Language:
        return Language(self._known.languages[self._numbers[id_]])

    def digest(self, id_: str) -> str:
        return self._known.digests[self._numbers[id_]]

    def length(self, id_: str) -> int:
        return self._known.lengths[self._numbers[id_]]


def write_articles(
    connection: Connection,
    collection: str,
    segment: str,
    articles: Sequence[tuple[Article, Language]],
) -> None:
    """Put the articles of a segment that is there into the tables."""
    of_segment = {"collection": collection, "segment": segment}
    for first in range(0, len(articles), _AT_ONCE):
        some = enumerate(articles[first : first + _AT_ONCE], start=first)
        rows = [{**of_segment, "number": n, "record": to_record(*each)} for n, each in some]
        connection.execute(insert(SEGMENT_ARTICLES), rows)


def check_articles(
    connection: Connection, collection: str, segment: str, known: KnownArticles
) -> None:
    """Read every article of a segment.

    Raises:
        DamagedError: One is not there, or not what was written.
    """
    table = SEGMENT_ARTICLES.c
    asked = (
        select(table.number, table.record)
        .where(table.collection == collection, table.segment == segment)
        .order_by(table.number)
        .execution_options(yield_per=_AT_ONCE)
    )
    checksums = []
    for number, record in connection.execute(asked):
        checksums.append(_checked(record, known, number))
    if len(checksums) != len(known.ids):
        raise DamagedError(f"articles of {segment} are missing")


def _read(
    servers: Servers, collection: str, segment: str, known: KnownArticles, number: int
) -> Article:
    """An article.

    Raises:
        DamagedError: It is not there, or not what was written.
    """
    table = SEGMENT_ARTICLES.c
    asked = select(table.record).where(
        table.collection == collection, table.segment == segment, table.number == number
    )
    record: bytes | None = servers.ask(
        lambda connection: connection.execute(asked).scalar(), collection, needs=segment
    )
    if record is None:
        raise DamagedError(f"article {number} of {segment} is missing")
    return from_record(_checked(record, known, number))[0]


def _checked(record: bytes, known: KnownArticles, number: int) -> bytes:
    if not number < len(known.checksums) or zlib.crc32(record) != known.checksums[number]:
        raise DamagedError(f"article {number} was changed")
    return record
