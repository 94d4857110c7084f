"""Collections on PostgreSQL behave as those in files do: the same tests, with another house."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.sandbox import Sandbox
from tests.retrieval.corpus.house import BATTLE, OFFENSIVE
from tests.retrieval.corpus.postgres_house import PostgresHouse
from tests.retrieval.corpus import test_corpus, test_servers, test_changes, test_processes, test_indexing
import sys
for m in (test_corpus, test_servers, test_changes, test_processes, test_indexing):
    for k,v in vars(m).items():
        if k.startswith("Test"): globals()[m.__name__.split(".")[-1]+k] = v; globals()["Test"+m.__name__.split(".")[-1]+k]=v


@pytest.fixture
def house(
    tmp_path: Path,
    encoder: SentenceTransformerEncoder,
    sandbox: Sandbox,
    postgres_url: str,
) -> Iterator[PostgresHouse]:
    """With two articles in its folder."""
    made = PostgresHouse(tmp_path, encoder, sandbox, postgres_url)
    made.write(battle=BATTLE, offensive=OFFENSIVE)
    yield made
    made.close()
