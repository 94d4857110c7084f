"""How well a passage answers a question, judged by a model that reads both at once."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from retrieval.encoders import Floats
from retrieval.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

log = logging.getLogger(__name__)

_REMEDY: Final = (
    "Check RERANKER_MODEL: a name on the model hub needs a network at its first use, a path must be"
    " a cross-encoder's folder. Without it, passages are not judged again."
)
_NOT_ONE: Final = (
    "Choose a cross-encoder with one output, such as cross-encoder/ms-marco-MiniLM-L6-v2, or remove"
    " RERANKER_MODEL."
)


class Reranker(Protocol):
    """A model that judges passages by the question. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """The model, as its messages and reports call it."""
        ...

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """How well each passage answers, from 0 to 1, higher is better: shape ``(n,)``."""
        ...


class CrossEncoderReranker:
    """Judges with a cross-encoder of sentence-transformers on the CPU (Nogueira and Cho 2019).

    The model and its libraries are loaded at the first question, or by ``load``. What is longer
    than the model's window is judged by its beginning.

    Args:
        model: A name on the model hub or a path: a model that gives a pair of texts one number.
    """

    def __init__(self, model: str) -> None:
        self._model_name = model
        self._loading = threading.Lock()
        self._model: CrossEncoder | None = None

    @property
    def name(self) -> str:
        return self._model_name

    def load(self) -> CrossEncoder:
        """The loaded model.

        Raises:
            ModelError: The model cannot be found or read, or is no cross-encoder with one output.
        """
        with self._loading:
            if self._model is None:
                self._model = _load(self._model_name)
            return self._model

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        if not passages:
            return np.zeros(0, dtype=np.float32)
        return _judge(self.load(), [(question, passage) for passage in passages])


def _load(name: str) -> CrossEncoder:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    log.info("Loading the reranker %s", name)
    try:
        model: CrossEncoder = CrossEncoder(name, device="cpu")
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The reranker {name} cannot be loaded.",
            why=f"sentence-transformers says: {(str(error) or repr(error)).splitlines()[0]}",
            remedy=_REMEDY,
        ) from error
    if model.num_labels != 1:
        raise ModelError(
            f"The reranker {name} cannot be used.",
            why=f"It gives a pair of texts {model.num_labels} numbers, and one is needed.",
            remedy=_NOT_ONE,
        )
    if not _has_learned_to_judge(model):
        raise ModelError(
            f"The reranker {name} cannot be used.",
            why="It is a language model without an output that has learned to judge pairs.",
            remedy=_NOT_ONE,
        )
    return model


def _has_learned_to_judge(model: CrossEncoder) -> bool:
    """Whether the model's output comes from its file.

    To a model that has none, transformers adds one of random numbers, and says so in a log only.
    """
    from sentence_transformers.cross_encoder.modules import LogitScore

    if getattr(model[0], "transformer_task", None) == "sequence-classification":
        kinds = getattr(model.config, "architectures", None) or ()
        return any(str(kind).endswith("ForSequenceClassification") for kind in kinds)
    # Then one of the modules behind it makes the scores; those of an encoder make none.
    return any(
        isinstance(part, LogitScore) or getattr(part, "module_output_name", None) == "scores"
        for part in model
    )


def _judge(model: CrossEncoder, pairs: list[tuple[str, str]]) -> Floats:
    import torch

    torch.set_num_threads(1 if len(pairs) == 1 else os.cpu_count() or 1)
    # Some models are saved with the logistic function and some without; here it is always there.
    judged = model.predict(
        pairs, batch_size=len(pairs), show_progress_bar=False, activation_fn=torch.nn.Sigmoid()
    )
    scores: Floats = np.asarray(judged, dtype=np.float32).reshape(len(pairs))
    return scores
