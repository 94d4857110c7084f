"""Indexes in a database of their own, and the tables beside which they are checked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from retrieval.engines import IndexedPassage
from retrieval.engines.postgres import (
    Header,
    PostgresEngine,
    if_large,
    prepare_graph,
    write_index,
)
from retrieval.postgres.servers import Servers
from tests.retrieval.engines.passages import CODEC

COLLECTION = "server-1"


class Indexes:
    """Makes engines whose segments are all of one collection.

    Args:
        servers: To which they are written, and from which they are read.
    """

    def __init__(self, servers: Servers, collection: str = COLLECTION) -> None:
        self.servers = servers
        self.collection = collection
        self._numbers = count()

    def build(
        self, passages: Sequence[IndexedPassage], average_length: float | None = None
    ) -> PostgresEngine:
        """An engine over ``passages``, written and read back."""
        segment = f"segment-{next(self._numbers)}"
        articles = list(dict.fromkeys(item.passage.article for item in passages))
        each, dimensions = if_large(passages)
        if dimensions is not None:
            with self.servers.write(self.collection) as connection:
                prepare_graph(connection, dimensions)
        with self.servers.write(self.collection) as connection:
            write_index(
                connection,
                self.collection,
                segment,
                each,
                average_length,
                articles={"ids": articles},
                approximate=dimensions is not None,
            )
        return self.open(segment)

    def open(self, segment: str) -> PostgresEngine:
        """The engine over a segment that was written."""
        with self.servers.read(self.collection) as connection:
            header = Header.read(connection, self.collection, segment)
        return PostgresEngine(self.servers, self.collection, segment, header, CODEC)
