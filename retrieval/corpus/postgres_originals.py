"""Uploaded files as they were, in PostgreSQL."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from retrieval.corpus.originals import fingerprint_of
from retrieval.errors import StorageError
from retrieval.postgres.schema import ORIGINALS
from retrieval.postgres.servers import Servers

log = logging.getLogger(__name__)


class PostgresOriginals:
    """The uploads of one collection."""

    def __init__(self, servers: Servers, collection: str) -> None:
        self._servers = servers
        self._collection = collection

    def keep(self, content: bytes) -> str:
        name = fingerprint_of(content)
        kept = insert(ORIGINALS).values(
            collection=self._collection, fingerprint=name, content=content
        )
        key = (ORIGINALS.c.collection, ORIGINALS.c.fingerprint)
        kept = kept.on_conflict_do_update(index_elements=key, set_={"content": content})
        with self._servers.write(self._collection) as connection:
            connection.execute(kept)
        return name

    def get(self, fingerprint: str) -> bytes | None:
        asked = select(ORIGINALS.c.content).where(
            ORIGINALS.c.collection == self._collection, ORIGINALS.c.fingerprint == fingerprint
        )
        content: bytes | None = self._servers.ask(
            lambda connection: connection.execute(asked).scalar(), self._collection
        )
        return content if content is not None and fingerprint_of(content) == fingerprint else None

    def discard_all_but(self, fingerprints: Collection[str]) -> None:
        unneeded = delete(ORIGINALS).where(
            ORIGINALS.c.collection == self._collection,
            ORIGINALS.c.fingerprint.not_in(fingerprints),
        )
        try:
            with self._servers.write(self._collection) as connection:
                connection.execute(unneeded)
        except StorageError as error:
            log.warning("Files that nothing needs were not deleted: %s", error)
