"""All collections together, from their opening to their end."""

from __future__ import annotations

import time
from pathlib import Path

from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.sandbox import Sandbox
from tests.table_encoder import TableEncoder


class SlowToLoad(TableEncoder):
    """Takes a moment to load, as a model does."""

    is_loaded = False

    def load(self) -> object:
        time.sleep(0.3)
        self.is_loaded = True
        return super().load()


def test_they_are_not_closed_before_the_model_is_loaded(tmp_path: Path, sandbox: Sandbox) -> None:
    # An interpreter that ends while the model's libraries load is aborted.
    encoder = SlowToLoad()
    article = tmp_path / "herons.md"
    article.write_text("The herons nest in the old willows by the canal.\n", "utf-8")
    with Corpora(tmp_path / "data", Answerer(encoder), [article], sandbox=sandbox) as corpora:
        corpora.open()
    assert encoder.is_loaded
