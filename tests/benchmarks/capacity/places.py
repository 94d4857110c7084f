"""Where the collection that is measured is kept: in files, or on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.assembly import make_encoder
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.corpus.backend import Backend
from retrieval.corpus.embedded_backend import EmbeddedBackend
from retrieval.corpus.postgres_backend import PostgresBackend
from retrieval.encoders import Encoder
from retrieval.postgres.servers import Servers
from tests.conftest import MODELS


@dataclass(frozen=True, slots=True)
class Place:
    """Where a collection is; every process that is given it finds the same one.

    Attributes:
        data: The folder of the files, which for PostgreSQL stays empty.
        articles: What the collection is made of.
        model: That encodes the passages.
        url: Of the PostgreSQL database; ``None`` for files.
    """

    name: str
    data: Path
    articles: Path
    model: str
    url: str | None = None

    def encoder(self) -> Encoder:
        """The model, not yet loaded."""
        return make_encoder(self.model, MODELS)

    def servers(self) -> Servers | None:
        """Connections of one process; ``None`` for files."""
        return None if self.url is None else Servers(self.url)

    def backend(self, servers: Servers | None) -> Backend:
        """What everything is kept in."""
        if servers is None:
            return EmbeddedBackend(self.data)
        return PostgresBackend(servers, self.data)

    @contextmanager
    def corpora(self, encoder: Encoder, servers: Servers | None) -> Iterator[Corpora]:
        """The collection as one process has it, not yet opened."""
        backend = self.backend(servers)
        with Corpora(self.data, Answerer(encoder), [self.articles], backend=backend) as made:
            yield made
