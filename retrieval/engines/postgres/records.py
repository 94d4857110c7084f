"""What is looked at of a passage that was found: fetched some at a time, and kept at hand."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, text

from retrieval.encoders import Halves, Integers
from retrieval.encoders.kept import Codes
from retrieval.engines import IndexedPassage
from retrieval.engines.postgres.header import integers
from retrieval.errors import DamagedError

_AT_HAND: Final = 2000
"""Passages of an index that are kept in memory once they were read, some 14 KB each."""

RECORDS: Final = (
    'SELECT "row", vectors, sentences, token_ids, token_starts, token_codes, checksum'
    " FROM segment_passages WHERE collection = :collection AND segment = :segment"
)
_READ: Final = text(f'{RECORDS} AND "row" = ANY(CAST(:rows AS integer[]))')
_READ_VECTORS: Final = text(
    'SELECT "row", vectors FROM segment_passages'
    " WHERE collection = :collection AND segment = :segment"
    ' AND "row" = ANY(CAST(:rows AS integer[])) ORDER BY "row"'
)


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What is kept of a passage's sentences.

    Attributes:
        vectors: Shape ``(s, d)``.
        sentences: Where they begin and end in the article, shape ``(s, 2)``.
        token_ids: One sentence after another, shape ``(t,)``.
        token_starts: Where each sentence's tokens begin, and ``t`` at the end; shape ``(s + 1,)``.
        codes: Of the tokens, shape ``(t, width)``.
    """

    vectors: Halves
    sentences: Integers
    token_ids: Integers
    token_starts: NDArray[np.int64]
    codes: Codes


class Records:
    """The records of one segment, those that were looked at last in memory.

    Safe to share by threads; a segment is never changed, so that what is at hand is right.

    Args:
        fetch: Gives the records of some rows.
    """

    def __init__(self, fetch: Callable[[Sequence[int]], Mapping[int, Record]]) -> None:
        self._fetch = fetch
        self._at_hand: OrderedDict[int, Record] = OrderedDict()
        self._changing = threading.Lock()

    def has(self, row: int) -> bool:
        """Whether a record is at hand."""
        return row in self._at_hand

    def of(self, rows: Sequence[int]) -> list[Record]:
        """The records of some rows, in their order; what is not at hand is fetched at once.

        Raises:
            DamagedError: One is not there, or not what was written.
        """
        found: dict[int, Record] = {}
        with self._changing:
            for row in rows:
                if (record := self._at_hand.get(row)) is not None:
                    self._at_hand.move_to_end(row)
                    found[row] = record
        missing = sorted(set(rows) - set(found))
        if missing:
            fetched = self._fetch(missing)
            found.update(fetched)
            with self._changing:
                self._at_hand.update(fetched)
                while len(self._at_hand) > _AT_HAND:
                    self._at_hand.popitem(last=False)
        return [found[row] for row in rows]


def read_records(
    connection: Connection, collection: str, segment: str, rows: Sequence[int], dimensions: int
) -> dict[int, Record]:
    """The records of some passages, by row.

    Raises:
        DamagedError: One is not there, or not what was written.
    """
    asked = {"collection": collection, "segment": segment, "rows": list(rows)}
    found = {each.row: record_of(each, dimensions) for each in connection.execute(_READ, asked)}
    if lacking := set(rows) - set(found):
        raise DamagedError(f"passage {min(lacking)} of {segment} is missing")
    return found


def read_vectors(
    connection: Connection, collection: str, segment: str, rows: Sequence[int], dimensions: int
) -> list[Halves]:
    """The vectors of some passages, given in rising order.

    Raises:
        DamagedError: Those of one are not there.
    """
    asked = {"collection": collection, "segment": segment, "rows": list(rows)}
    kept = connection.execute(_READ_VECTORS, asked).all()
    if len(kept) != len(rows):
        raise DamagedError(f"passages of {segment} are missing")
    return [_vectors(each.vectors, dimensions) for each in kept]


def values_of(item: IndexedPassage) -> tuple[bytes, bytes, bytes, bytes, bytes, int]:
    """What is kept of a passage in ``segment_passages``, beside its row."""
    encoding = item.encoding
    starts = np.concatenate([[0], np.cumsum(encoding.counts)])
    kept = (
        encoding.vectors.astype("<f2", copy=False).tobytes(),
        np.array([(s.start, s.end) for s in item.sentences], dtype="<i4").tobytes(),
        encoding.token_ids.astype("<i4", copy=False).tobytes(),
        starts.astype("<i4").tobytes(),
        encoding.codes.tobytes(),
    )
    return (*kept, _checksum(kept))


def record_of(kept: Row[Any], dimensions: int) -> Record:
    """The record in a row of ``segment_passages``.

    Raises:
        DamagedError: It is not what was written.
    """
    values = (kept.vectors, kept.sentences, kept.token_ids, kept.token_starts, kept.token_codes)
    if _checksum(values) != kept.checksum:
        raise DamagedError(f"passage {kept.row} was changed")
    ids = integers(kept.token_ids)
    codes = np.frombuffer(kept.token_codes, dtype=np.uint8)
    return Record(
        vectors=_vectors(kept.vectors, dimensions),
        sentences=integers(kept.sentences).reshape(-1, 2),
        token_ids=ids,
        token_starts=integers(kept.token_starts).astype(np.int64),
        codes=codes.reshape(len(ids), -1) if len(ids) else codes.reshape(0, 0),
    )


def _vectors(kept: bytes, dimensions: int) -> Halves:
    found: Halves = np.frombuffer(kept, dtype="<f2").astype(np.float16, copy=False)
    return found.reshape(-1, dimensions)


def _checksum(values: Sequence[bytes]) -> int:
    found = 0
    for value in values:
        found = zlib.crc32(value, found)
    return found
