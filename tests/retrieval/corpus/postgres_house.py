"""A house whose collections are on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.corpus.postgres_backend import PostgresBackend
from retrieval.corpus.sources import Configured
from retrieval.encoders import Encoder
from retrieval.limits import Limits
from retrieval.postgres.servers import Servers
from retrieval.sandbox import Sandbox
from tests.retrieval.corpus.house import House


class PostgresHouse(House):
    """Where collections live in a database; what it makes are processes that share it."""

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

    def servers(self) -> Servers:
        """The database as a process that starts now would see it."""
        return Servers(self.url, self.replicas)

    def corpora(
        self,
        data: Path | None = None,
        sources: Sequence[Configured] | None = None,
        encoder: Encoder | None = None,
        limits: Limits | None = None,
        private_hosts: Sequence[str] = (),
    ) -> Corpora:
        made = Corpora(
            data or self.data,
            Answerer(encoder or self.encoder, 0.5),
            [self.articles] if sources is None else sources,
            backend=PostgresBackend(self.servers(), data or self.data),
            limits=limits,
            private_hosts=private_hosts,
            sandbox=self.sandbox,
            clock=self.clock,
        )
        self._made.append(made)
        return made
