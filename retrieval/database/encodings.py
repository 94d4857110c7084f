"""Encodings kept by model and by the hash of what was encoded, whoever's text it is."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Row, delete, select

from retrieval.database.inserting import insert_into
from retrieval.database.protocol import DamageError, Database
from retrieval.database.schema import ENCODINGS
from retrieval.encoders.kept import KeptEncoding

log = logging.getLogger(__name__)

_AT_ONCE: Final = 200


class EncodingStore:
    """The encodings that one model has made. Where they are damaged they are begun anew.

    Args:
        form: The model and how its vectors are kept: what is kept in one form is not found in
            another.
    """

    def __init__(self, database: Database, form: str) -> None:
        self._database = database
        self._form = form

    def intact(self, hashes: Iterable[str]) -> set[str]:
        """Those of the hashes under which there is an encoding that is whole."""
        found: set[str] = set()
        for some in _batches(hashes):
            found.update(self.get(some))
        return found

    def get(self, hashes: Iterable[str]) -> dict[str, KeptEncoding]:
        """The encodings under these hashes; what is missing or damaged is left out."""
        found: dict[str, KeptEncoding] = {}
        for some in _batches(hashes):
            for row in self._rows(select(ENCODINGS).where(self._has(some))):
                encoding = _from_row(row)
                if encoding is not None:
                    found[row.text_hash] = encoding
        return found

    def put(self, encodings: Mapping[str, KeptEncoding], now: datetime) -> None:
        """Keep encodings under the hashes of their texts, in the place of those kept before.

        Raises:
            StorageError: They cannot be written.
        """
        rows = [
            {
                "model": self._form,
                "text_hash": text_hash,
                "made": now.isoformat(),
                **_to_row(self._form, text_hash, each),
            }
            # In one order, so that two processes wait for each other and not both.
            for text_hash, each in sorted(encodings.items(), key=lambda item: item[0])
        ]
        if not rows:
            return
        try:
            with self._database.write_vectors() as connection:
                replace_encodings(connection, rows)
        except DamageError:
            self._database.forget_vectors()
            with self._database.write_vectors() as connection:
                replace_encodings(connection, rows)

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
        return (ENCODINGS.c.model == self._form) & ENCODINGS.c.text_hash.in_(hashes)


def replace_encodings(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep rows of ``ENCODINGS`` in the place of those with their keys."""
    statement = insert_into(ENCODINGS, connection)
    replaced = {
        column.name: statement.excluded[column.name]
        for column in ENCODINGS.c
        if not column.primary_key
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=["model", "text_hash"], set_=replaced), rows
    )


def _to_row(model: str, text_hash: str, encoding: KeptEncoding) -> dict[str, Any]:
    blobs = {
        "counts": encoding.counts.astype("<i4").tobytes(),
        "vectors": encoding.vectors.astype("<f2").tobytes(),
        "token_ids": encoding.token_ids.astype("<i4").tobytes(),
        "token_codes": encoding.codes.tobytes(),
    }
    return {**blobs, "checksum": _checksum(model, text_hash, blobs.values())}


def _from_row(row: Row[Any]) -> KeptEncoding | None:
    blobs = (row.counts, row.vectors, row.token_ids, row.token_codes)
    are_blobs = all(isinstance(blob, bytes) for blob in blobs)
    if not are_blobs or _checksum(row.model, row.text_hash, blobs) != row.checksum:
        log.warning("A stored encoding is damaged, and not used")
        return None
    counts = np.frombuffer(row.counts, dtype="<i4")
    ids = np.frombuffer(row.token_ids, dtype="<i4")
    codes = np.frombuffer(row.token_codes, dtype=np.uint8)
    return KeptEncoding(
        vectors=np.frombuffer(row.vectors, dtype="<f2").reshape(len(counts), -1),
        counts=counts,
        token_ids=ids,
        codes=codes.reshape(len(ids), -1) if len(ids) else codes.reshape(0, 0),
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
