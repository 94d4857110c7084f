"""What the programs here have in common: their arguments, the model, and a place to work in."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from retrieval.answering import Answerer
from retrieval.articles import Article
from retrieval.corpus.generation import build
from retrieval.encoders import Encoder
from tests.faults.children import single_threaded
from tests.faults.tally import Tally
from tests.faults.world import question_about, text_of
from tests.table_encoder import TableEncoder

Trials = Callable[[Answerer, int, Random, Path], Tally]
"""Does so many runs in a folder."""

_ENDED_WITHIN_S: Final = 5.0


def run(module: str, trials: Trials, runs: int) -> None:
    """Run the program with the arguments of the command line, and exit.

    Args:
        module: Its name for ``python -m``.
        runs: How many it does where nobody says.
    """
    single_threaded(module, sys.argv[1:])
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--without-model",
        action="store_true",
        help="begin sooner, with random vectors: what is kept is the same",
    )
    arguments = parser.parse_args()
    answerer = Answerer(TableEncoder() if arguments.without_model else _model())
    _warm(answerer)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        tally = trials(answerer, arguments.runs, Random(arguments.seed), Path(folder))
        sys.exit(tally.finish())


def _model() -> Encoder:
    """The packaged model, in this thread alone."""
    import torch

    from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder

    torch.set_num_threads(1)
    # The encoder asks for a thread a core, and a child would wait for those of its parent.
    setattr(torch, "set_num_threads", lambda _: None)  # noqa: B010
    return SentenceTransformerEncoder()


def _warm(answerer: Answerer) -> None:
    """Load all that answers need: children are forked from here, and need not do so again."""
    import faiss
    from tqdm import tqdm  # type: ignore[import-untyped]

    tqdm.monitor_interval = 0  # It would start a thread.
    faiss.omp_set_num_threads(1)
    article = Article("file-0-1", "Warm", text_of("file-0-1", 1))
    generation = build({article.id: article}, answerer.encoder)
    answerer.answer(generation, question_about(article.id))
    # A thread that was joined is gone a moment later.
    deadline = time.monotonic() + _ENDED_WITHIN_S
    while (threads := len(list(Path("/proc/self/task").iterdir()))) > 1:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{threads} threads run, so that no child can be forked")
        time.sleep(0.001)
