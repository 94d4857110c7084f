"""What the whole suite shares: the real model and a corpus over the seed article, loaded once."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from retrieval.answering import Answerer
from retrieval.corpus import Corpora, Corpus
from retrieval.encoders import Encoder
from retrieval.encoders.batching import BatchingEncoder
from retrieval.encoders.prepared import PreparedEncoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.limits import Limits
from retrieval.sandbox import Sandbox
from tests.memory import in_memory

pytest_plugins = ["tests.postgres.fixtures"]

# The machine decides how long an example takes; what it shows does not depend on that.
settings.register_profile("footnote", deadline=None)
settings.load_profile("footnote")

MODELS = Path(sys.prefix) / "footnote-models"
"""Where the packaged model is kept as ONNX Runtime reads it: it is exported once an environment."""

# For the processes that tests start: each has a data folder of its own.
os.environ["FOOTNOTE_MODELS_DIR"] = str(MODELS)
# Tests reach only loopback, however they are run; Footnote may fetch a model that MODEL names.
os.environ["HF_HUB_OFFLINE"] = "1"

SEEDS = Path(__file__).parents[1] / "seeds"

FIRST = ("tests/wire/", "tests/bot/observability/test_running.py")
"""Tests of the bot as a process: they take long, and share with each other what makes it start soon
(`tests.wire.warm_start`)."""


OWN_FOLDER = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Whatever the product keeps it makes sure of: the suite would wait for its disk tens of
    thousands of times. Where somebody has chosen a folder it is theirs."""
    memory = in_memory()
    if memory is not None and "TMPDIR" not in os.environ:
        folder = tempfile.mkdtemp(prefix="footnote-tests-", dir=memory)
        # For the processes that this one starts too.
        tempfile.tempdir = os.environ["TMPDIR"] = config.stash[OWN_FOLDER] = folder


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What a failure has left can be looked at."""
    folder = session.config.stash.get(OWN_FOLDER, None)
    if folder is not None and exitstatus == pytest.ExitCode.OK:
        # At the very end, when everything has been closed.
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first: of several processes, one would be at it alone in the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The packaged model."""
    return BatchingEncoder(PreparedEncoder(SentenceTransformerEncoder(), MODELS))


@pytest.fixture(scope="session")
def original() -> SentenceTransformerEncoder:
    """The same in the libraries that it was made with: loading them takes seconds."""
    return SentenceTransformerEncoder()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """The processes that read files, started once."""
    with Sandbox(Limits()) as made:
        yield made


@pytest.fixture(scope="session")
def corpora(
    encoder: Encoder,
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
