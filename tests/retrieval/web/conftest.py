"""A site on loopback, and a fetcher that may read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from retrieval.limits import Limits
from retrieval.web import Fetcher
from tests.retrieval.web.site import Site, site


@pytest.fixture
def web() -> Iterator[Site]:
    """A site that nobody may read unless the operator says so."""
    with site() as server:
        yield server


@pytest.fixture
def fetcher(web: Site) -> Fetcher:
    """A fetcher whose operator has named the site."""
    return Fetcher(Limits(), [web.host], timeout=5)
