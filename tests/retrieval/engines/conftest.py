"""The engines that the tests are about: what is in the process, and what is in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from retrieval.engines import IndexedPassage, SegmentEngine
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.postgres.servers import Servers
from tests.retrieval.engines.passages import CODEC
from tests.retrieval.engines.postgres.indexes import Indexes

Make = Callable[..., SegmentEngine]
"""Makes an engine of passages and, where given, the average length of those of a collection."""


@pytest.fixture(scope="module")
def indexes(postgres_module_url: str) -> Iterator[Indexes]:
    """What makes engines in a database of their own."""
    servers = Servers(postgres_module_url)
    yield Indexes(servers)
    servers.close()


@pytest.fixture(scope="module", params=["embedded", "postgres"])
def make(request: pytest.FixtureRequest) -> Make:
    """What makes the engine of a segment, of each kind."""
    if request.param == "postgres":
        indexes: Indexes = request.getfixturevalue("indexes")
        return indexes.build
    return embedded


def embedded(
    passages: Sequence[IndexedPassage], average_length: float | None = None
) -> EmbeddedEngine:
    """The engine inside the process."""
    return EmbeddedEngine.build(passages, CODEC, average_length)
