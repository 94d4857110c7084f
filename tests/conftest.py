"""What the whole suite shares: the real model and a corpus over the seed article, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from retrieval.answering import Answerer
from retrieval.corpus import Corpus
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder

# The machine decides how long an example takes; what it shows does not depend on that.
settings.register_profile("footnote", deadline=None)
settings.load_profile("footnote")

SEEDS = Path(__file__).parents[1] / "seeds"


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The packaged model."""
    return SentenceTransformerEncoder()


@pytest.fixture(scope="session")
def corpus(encoder: SentenceTransformerEncoder, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The seed article, opened. Tests that change a corpus make their own."""
    opened = Corpus([SEEDS], tmp_path_factory.mktemp("corpus"), Answerer(encoder))
    opened.open()
    return opened
