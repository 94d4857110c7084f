"""What is known of an index before any question: a few numbers a passage, held in memory."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, text

from retrieval.articles import Passage, Span
from retrieval.encoders import Integers
from retrieval.errors import DamagedError

_ABSENT: Final = -1
_COLUMNS: Final = 6
"""Of a place: its article's number, the paragraph, where the passage begins and ends, and where
its heading does."""

_READ: Final = text(
    "SELECT dimensions, passages, sentences, word_total, approximate, articles, places,"
    " token_frequency FROM segments WHERE collection = :collection AND segment = :segment"
)


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """An index without what is looked at only when it is asked for.

    Attributes:
        sentences: How many there are.
        word_total: How many words all passages have together.
        approximate: Whether the nearest sentences are looked for in a graph: they are many.
        article_ids: Those that ``places`` numbers.
        places: Shape ``(n, 6)``, a passage each; its heading is -1 where there is none.
        token_frequency: In how many passages each vocabulary entry occurs.
    """

    dimensions: int
    sentences: int
    word_total: int
    approximate: bool
    article_ids: tuple[str, ...]
    places: Integers
    token_frequency: Integers

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def read(cls, connection: Connection, collection: str, segment: str) -> Header:
        """The header of a segment.

        Raises:
            DamagedError: There is no such segment, or it is not what was written.
        """
        asked = {"collection": collection, "segment": segment}
        found = connection.execute(_READ, asked).one_or_none()
        if found is None:
            raise DamagedError(f"{segment} is missing")
        return cls.of(found)

    @classmethod
    def of(cls, found: Row[Any]) -> Header:
        """The header in a row of ``segments``.

        Raises:
            DamagedError: It is not what was written.
        """
        try:
            header = cls(
                dimensions=found.dimensions,
                sentences=found.sentences,
                word_total=found.word_total,
                approximate=found.approximate,
                article_ids=tuple(unpacked(found.articles)["ids"]),
                places=integers(zlib.decompress(found.places)).reshape(-1, _COLUMNS),
                token_frequency=integers(zlib.decompress(found.token_frequency)),
            )
        except (ValueError, TypeError, KeyError, zlib.error) as error:
            raise DamagedError("the header of a segment cannot be read") from error
        numbers = header.places[:, 0]
        if len(header) != found.passages or not header.places.size:
            raise DamagedError("the header of a segment lacks passages")
        if numbers.min() < 0 or numbers.max() >= len(header.article_ids):
            raise DamagedError("the header of a segment lacks articles")
        return header

    def passage(self, row: int) -> Passage:
        """The passage of a row."""
        article, paragraph, start, end, heading_start, heading_end = self.places[row].tolist()
        return Passage(
            article=self.article_ids[article],
            paragraph=paragraph,
            span=Span(start, end),
            heading=Span(heading_start, heading_end) if heading_start != _ABSENT else None,
        )


def places_of(passages: Iterable[Passage], numbers: Mapping[str, int]) -> list[tuple[int, ...]]:
    """What ``Header.places`` has of some passages.

    Args:
        numbers: Of the articles, by id.
    """
    return [
        (
            numbers[passage.article],
            passage.paragraph,
            passage.span.start,
            passage.span.end,
            passage.heading.start if passage.heading else _ABSENT,
            passage.heading.end if passage.heading else _ABSENT,
        )
        for passage in passages
    ]


def packed(known: Mapping[str, Any]) -> bytes:
    """What is fit for JSON, in few bytes."""
    # Not as ASCII: there, one half of a surrogate pair after the other becomes one character.
    spelled = json.dumps(known, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return zlib.compress(spelled)


def unpacked(kept: bytes) -> dict[str, Any]:
    """What ``packed`` was given.

    Raises:
        ValueError, TypeError, zlib.error: It is something else.
    """
    return dict(json.loads(zlib.decompress(kept).decode("utf-8", "surrogatepass")))


def packed_integers(values: Sequence[Any] | NDArray[np.integer]) -> bytes:
    """Whole numbers, in few bytes."""
    return zlib.compress(np.asarray(values, dtype="<i4").tobytes())


def integers(kept: bytes) -> Integers:
    """Whole numbers as they were written, one after another.

    Raises:
        ValueError: They are none.
    """
    return np.frombuffer(kept, dtype="<i4").astype(np.int32, copy=False)
