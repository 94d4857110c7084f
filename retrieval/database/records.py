"""What a collection holds, as it is kept: sources, and the articles that each of them gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from retrieval.articles import Article
from retrieval.preparation import PreparedPassage

SourceKind = Literal["file", "upload", "page", "feed"]


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Where articles come from.

    Attributes:
        location: What tells it from others of its kind in the collection: a file's real path, an
            upload's id, an address.
        name: What people call it.
        article: The id of its article, and the beginning of their ids where it gives several.
        configured: Whether the settings name it; otherwise somebody added it.
        reader: Which version of the readers read it last; 0 where none could.
        format: What ``readers`` read it as; ``None`` until it could be read.
        fingerprint: SHA-256 of the bytes that were read last.
        size, modified_ns: Of a file, as the system told them then.
        next_check: When a page or feed is to be asked again.
        failures: How often in a row it could not be read.
        error: Why, the last time; ``None`` where it could.
        row: Its key in the database; ``None`` before it is kept.
    """

    kind: SourceKind
    location: str
    name: str
    article: str
    position: int
    added: datetime
    configured: bool = False
    reader: int = 0
    format: str | None = None
    fingerprint: str | None = None
    size: int | None = None
    modified_ns: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    next_check: datetime | None = None
    failures: int = 0
    error: str | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class ArticleRecord:
    """An article as it is kept.

    Attributes:
        signature: By which near duplicates are known.
        removed: Since when it is no longer served; ``None`` while it is.
        emptied: Whether only its place is left, so that its source does not bring it back.
        passages: ``None`` where they are in the database as they are.
        row: Its key in the database; ``None`` before it is kept.
    """

    article: Article
    signature: bytes = b""
    removed: datetime | None = None
    emptied: bool = False
    passages: tuple[PreparedPassage, ...] | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A source and its articles, in their order."""

    source: SourceRecord
    articles: tuple[ArticleRecord, ...] = ()

    @property
    def is_wanted(self) -> bool:
        """Whether not everything that it gave was removed."""
        return not self.articles or any(held.removed is None for held in self.articles)


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """Which generation of a collection is served.

    Attributes:
        digest: Of everything that its index is made from.
        encoded: How many passages were encoded to build it.
    """

    digest: str
    created: datetime
    model: str
    encoded: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that a collection holds; ``generation`` is ``None`` before the first was built."""

    entries: tuple[Entry, ...] = ()
    generation: GenerationRecord | None = None

    def served(self) -> Iterator[ArticleRecord]:
        """The articles that are not removed, in the collection's order."""
        for entry in self.entries:
            for held in entry.articles:
                if held.removed is None:
                    yield held

    def articles(self) -> dict[str, Article]:
        """The same by id."""
        return {held.article.id: held.article for held in self.served()}
