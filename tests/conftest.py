"""What the whole suite shares: the real model and a corpus over the seed article, loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from retrieval.answering import Answerer
from retrieval.corpus import Corpora, Corpus
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.limits import Limits
from retrieval.sandbox import Sandbox

# The machine decides how long an example takes; what it shows does not depend on that.
settings.register_profile("footnote", deadline=None)
settings.load_profile("footnote")

SEEDS = Path(__file__).parents[1] / "seeds"


@pytest.fixture(scope="session")
def encoder() -> SentenceTransformerEncoder:
    """The packaged model."""
    return SentenceTransformerEncoder()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The processes that read files, started once."""
    with Sandbox(Limits()) as made:
        yield made


@pytest.fixture(scope="session")
def corpora(
    encoder: SentenceTransformerEncoder,
    sandbox: Sandbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Corpora]:
    """Collections over the seed article, open. Tests that change anything make their own."""
    folder = tmp_path_factory.mktemp("corpora")
    with Corpora(folder, Answerer(encoder), [SEEDS], sandbox=sandbox) as opened:
        opened.open()
        yield opened


@pytest.fixture(scope="session")
def corpus(corpora: Corpora) -> Corpus:
    """The seed article, open."""
    return corpora.shared
