"""Encodings kept by model and by the hash of what was encoded, whoever's text it is."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, delete, select
from sqlalchemy.dialects.sqlite import insert

from retrieval.database.connection import DamageError, Database
from retrieval.database.schema import ENCODINGS
from retrieval.encoders import Encoding, Tokens

log = logging.getLogger(__name__)

_AT_ONCE: Final = 200
Encodings = tuple[Encoding, ...]
"""Of the sentences of one passage."""


class EncodingStore:
    """The encodings that one model has made. Where they are damaged they are begun anew."""

    def __init__(self, database: Database, model: str) -> None:
        self._database = database
        self._model = model

    def known(self, hashes: Iterable[str]) -> set[str]:
        """Those of the hashes under which there is an encoding."""
        found: set[str] = set()
        for some in _batches(hashes):
            query = select(ENCODINGS.c.text_hash).where(self._has(some))
            found.update(row.text_hash for row in self._rows(query))
        return found

    def get(self, hashes: Iterable[str]) -> dict[str, Encodings]:
        """The encodings under these hashes; what is missing or damaged is left out."""
        found: dict[str, Encodings] = {}
        for some in _batches(hashes):
            for row in self._rows(select(ENCODINGS).where(self._has(some))):
                encodings = _from_row(row)
                if encodings is not None:
                    found[row.text_hash] = encodings
        return found

    def put(self, encodings: Mapping[str, Encodings], now: datetime) -> None:
        """Keep encodings under the hashes of their texts, in the place of those kept before.

        Raises:
            StorageError: They cannot be written.
        """
        rows = [
            {
                "model": self._model,
                "text_hash": text_hash,
                "made": now.isoformat(),
                **_to_row(self._model, text_hash, each),
            }
            for text_hash, each in encodings.items()
        ]
        if not rows:
            return
        statement = insert(ENCODINGS)
        replaced = {
            column.name: statement.excluded[column.name]
            for column in ENCODINGS.c
            if not column.primary_key
        }
        statement = statement.on_conflict_do_update(
            index_elements=["model", "text_hash"], set_=replaced
        )
        try:
            with self._database.write_vectors() as connection:
                connection.execute(statement, rows)
        except DamageError:
            self._database.forget_vectors()
            with self._database.write_vectors() as connection:
                connection.execute(statement, rows)

    def forget(self, needed: Callable[[], Collection[str]], before: datetime) -> int:
        """Delete, for every model, what no passage needs; returns how many.

        Args:
            needed: The hashes of all passages. Asked after the encodings are listed, so that a
                passage that is added meanwhile keeps its own.
            before: What was made later is kept: it may belong to a passage that is not kept yet.
        """
        old = ENCODINGS.c.made < before.isoformat()
        listed = {row.text_hash for row in self._rows(select(ENCODINGS.c.text_hash).where(old))}
        gone = 0
        for some in _batches(sorted(listed - set(needed()))):
            with self._database.write_vectors() as connection:
                where = ENCODINGS.c.text_hash.in_(some) & old
                gone += int(connection.execute(delete(ENCODINGS).where(where)).rowcount)
        return gone

    def _rows(self, query: Any) -> Sequence[Row[Any]]:
        try:
            with self._database.read_vectors() as connection:
                return connection.execute(query).all()
        except DamageError:
            self._database.forget_vectors()
            return []

    def _has(self, hashes: Sequence[str]) -> Any:
        return (ENCODINGS.c.model == self._model) & ENCODINGS.c.text_hash.in_(hashes)


def _to_row(model: str, text_hash: str, encodings: Encodings) -> dict[str, Any]:
    tokens = [encoding.tokens for encoding in encodings]
    blobs = {
        "counts": np.array([len(each.ids) for each in tokens], dtype="<i4").tobytes(),
        "vectors": np.stack([e.vector for e in encodings]).astype("<f4").tobytes(),
        "token_ids": np.concatenate([each.ids for each in tokens]).astype("<i4").tobytes(),
        "token_vectors": np.concatenate([each.vectors for each in tokens]).astype("<f2").tobytes(),
    }
    return {**blobs, "checksum": _checksum(model, text_hash, blobs.values())}


def _from_row(row: Row[Any]) -> Encodings | None:
    blobs = (row.counts, row.vectors, row.token_ids, row.token_vectors)
    are_blobs = all(isinstance(blob, bytes) for blob in blobs)
    if not are_blobs or _checksum(row.model, row.text_hash, blobs) != row.checksum:
        log.warning("A stored encoding is damaged, and not used")
        return None
    counts = np.frombuffer(row.counts, dtype="<i4")
    vectors = np.frombuffer(row.vectors, dtype="<f4").reshape(len(counts), -1)
    ids = np.frombuffer(row.token_ids, dtype="<i4")
    token_vectors = np.frombuffer(row.token_vectors, dtype="<f2").reshape(
        len(ids), vectors.shape[1]
    )
    split = np.cumsum(counts)[:-1]
    return tuple(
        Encoding(vector, Tokens(each, own))
        for vector, each, own in zip(
            vectors, np.split(token_vectors, split), np.split(ids, split), strict=True
        )
    )


def _checksum(model: str, text_hash: str, blobs: Iterable[bytes]) -> int:
    # With the key: a damaged list of keys must not lead to what belongs to another text.
    found = zlib.crc32(f"{model}\n{text_hash}".encode())
    for blob in blobs:
        found = zlib.crc32(blob, found)
    return found


def _batches(hashes: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(dict.fromkeys(hashes))
    while some := list(islice(remaining, _AT_ONCE)):
        yield some
