"""A house whose collections are on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import text

from retrieval.corpus.postgres_backend import PostgresBackend
from retrieval.encoders import Encoder
from retrieval.postgres.servers import Servers
from retrieval.sandbox import Sandbox
from tests.retrieval.corpus.house import House

TABLES = (
    "sources",
    "articles",
    "passages",
    "originals",
    "generations",
    "segments",
    "segment_articles",
    "segment_passages",
    "segment_sentences",
    "segment_postings",
)
"""All in which the rows of a collection are."""


class PostgresHouse(House):
    """Where collections live in a database; what it makes are processes that share it.

    Args:
        replicas: URLs of servers that questions may be put to.
    """

    def __init__(
        self,
        root: Path,
        encoder: Encoder,
        sandbox: Sandbox,
        url: str,
        replicas: Sequence[str] = (),
    ) -> None:
        super().__init__(root, encoder, sandbox)
        self.url = url
        self.replicas = replicas
        self.servers = Servers(url)

    def backend(self, data: Path | None = None) -> PostgresBackend:
        """The database as a process that starts now would have it."""
        return PostgresBackend(Servers(self.url, self.replicas), data or self.data)

    def kept(self, collection: str) -> dict[str, int]:
        """How many rows of a collection each table has, of those that have any."""
        with self.servers.read(collection) as connection:
            counts = {
                table: connection.execute(
                    text(f"SELECT count(*) FROM {table} WHERE collection = :collection"),  # noqa: S608
                    {"collection": collection},
                ).scalar_one()
                for table in TABLES
            }
        return {table: count for table, count in counts.items() if count}

    def run(self, collection: str, statement: str) -> int:
        """Change a collection's rows behind the back of everybody; how many there were."""
        with self.servers.write(collection) as connection:
            return connection.execute(text(statement)).rowcount

    def close(self) -> None:
        super().close()
        self.servers.close()
