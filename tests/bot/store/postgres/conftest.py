"""The people's tables in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store.postgres import PostgresPeople
from retrieval.postgres.servers import Servers


@pytest.fixture
def kind() -> str:
    return "postgres"


@pytest.fixture
def servers(people_url: str) -> Iterator[Servers]:
    made = Servers(people_url)
    yield made
    made.close()


@pytest.fixture
def people(servers: Servers) -> PostgresPeople:
    return PostgresPeople(servers, keep_text=True)


@pytest.fixture
def nowhere() -> Iterator[PostgresPeople]:
    """A database that is away."""
    servers = Servers("postgresql://footnote@127.0.0.1:1/footnote", wait=0.2)
    yield PostgresPeople(servers, keep_text=True)
    servers.close()
