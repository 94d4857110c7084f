"""Servers over databases of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retrieval.postgres.servers import Servers


@pytest.fixture
def servers(postgres_url: str) -> Iterator[Servers]:
    made = Servers(postgres_url)
    yield made
    made.close()
