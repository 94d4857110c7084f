"""Any sentence-transformers model as an ``Encoder``, by name, by path, or the packaged default."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retrieval.encoders import Encoding, Floats, Progress, packaged
from retrieval.encoders.windows import Window, joined, overlap, unit
from retrieval.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

log = logging.getLogger(__name__)

LAYER_WEIGHTS: Final = (1.0, 1.0, 2.0)
"""Of the last three hidden states, the last one last."""
_BATCH: Final = 16
_SORTED_TOGETHER: Final = 1024
"""Texts of which like lengths are brought together."""

_NOT_FOR_THE_MODEL: Final = (
    "special_tokens_mask",
    "offset_mapping",
    "overflow_to_sample_mapping",
)


class SentenceTransformerEncoder:
    """Encodes with a sentence-transformers model on the CPU.

    The model and its libraries are loaded at the first encoding, or by ``load``.

    Args:
        model: ``all-MiniLM-L6-v2`` for the packaged model, or a name or path that
            sentence-transformers can load.
    """

    def __init__(self, model: str = packaged.NAME) -> None:
        self._model_name = model
        self._loading = threading.Lock()
        self._model: SentenceTransformer | None = None

    @property
    def name(self) -> str:
        if self._model_name == packaged.NAME:
            return f"{packaged.NAME}@{packaged.WEIGHTS_SHA256[:12]}"
        path = Path(self._model_name)
        if path.is_dir():
            # A folder's contents may change under its name, and old vectors would then be wrong.
            weights = sorted(path.rglob("*.safetensors")) + sorted(path.rglob("*.bin"))
            stamps = ",".join(f"{w.stat().st_size}:{w.stat().st_mtime_ns}" for w in weights)
            return f"{path.resolve()}@{stamps}"
        return self._model_name

    def load(self) -> SentenceTransformer:
        """The loaded model.

        Raises:
            ModelError: The model cannot be found or read.
        """
        with self._loading:
            if self._model is None:
                self._model = _load(self._model_name)
            return self._model

    @property
    def model(self) -> str:
        """The name or path that it was made with."""
        return self._model_name

    @property
    def runtime(self) -> str:
        return "sentence-transformers"

    @property
    def dimensions(self) -> int:
        known = self.load().get_embedding_dimension()
        # One that is put together from modules may not say it.
        return int(known) if known else len(self.encode_question("?").vector)

    def is_word(self, word: str) -> bool:
        return len(self.load().tokenizer.tokenize(word)) == 1

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        found: dict[int, Encoding] = {}
        for number, encoding in self._stream(texts):
            found[number] = encoding
            if progress is not None and (len(found) == len(texts) or len(found) % _BATCH == 0):
                progress(len(found), len(texts))
        return [found[number] for number in range(len(texts))]

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        return self._stream(texts)

    def encode_question(self, text: str, context: str = "") -> Encoding:
        return self._asked([(text, context)])[0]

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        return self._asked(asked)

    def _asked(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        prompt = self._prompt("query")
        prompts = [prompt + (f"{context} " if context else "") for _, context in asked]
        return _encode(self.load(), [text for text, _ in asked], prompts)

    def _stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        model = self.load()
        prompt = self._prompt("document")
        numbered = enumerate(texts)
        while some := list(islice(numbered, _SORTED_TOGETHER)):
            # Batches of like length waste nothing on padding; the longest first shows early whether
            # memory suffices.
            some.sort(key=lambda one: -len(one[1]))
            for start in range(0, len(some), _BATCH):
                batch = some[start : start + _BATCH]
                encodings = _encode(model, [text for _, text in batch], [prompt] * len(batch))
                yield from zip([number for number, _ in batch], encodings, strict=True)

    def _prompt(self, kind: str) -> str:
        """What the model wants before a text, such as E5's ``query: ``."""
        return str((self.load().prompts or {}).get(kind) or "")


def _load(name: str) -> SentenceTransformer:
    source = str(packaged.model_folder()) if name == packaged.NAME else name
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    log.info("Loading the model %s", name)
    try:
        # The packaged model is on disk: a hub must not even be asked. For another model, such as
        # that of RERANKER_MODEL, it may be.
        model = SentenceTransformer(source, device="cpu", local_files_only=name == packaged.NAME)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelError(
            f"The model {name} cannot be loaded.",
            why=f"sentence-transformers says: {(str(error) or repr(error)).splitlines()[0]}",
            remedy=(
                "Check MODEL: a name on the model hub needs a network at its first use, a path must"
                f" be a sentence-transformers folder. Without it, {packaged.NAME} is used."
            ),
        ) from error
    if not getattr(model.tokenizer, "is_fast", False):
        raise ModelError(
            f"The model {name} cannot be used.",
            why="Its tokenizer does not tell the place of its tokens in the text.",
            remedy="Choose a model with a fast tokenizer.",
        )
    # The token vectors are made of several layers, which the model computes anyway.
    transformer: Any = model[0]
    transformer.auto_model.config.output_hidden_states = True
    return model


def window_of(model: SentenceTransformer) -> int:
    """How many tokens the model reads at once."""
    return int(model.max_seq_length or 512)


def _encode(
    model: SentenceTransformer, texts: Sequence[str], prompts: Sequence[str]
) -> list[Encoding]:
    import torch

    window = window_of(model)
    features: Any = model.tokenizer(
        [prompt + text for prompt, text in zip(prompts, texts, strict=True)],
        truncation=True,
        max_length=window,
        padding=True,
        return_overflowing_tokens=True,
        stride=overlap(window),
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_tensors="pt",
    )
    inputs = {key: value for key, value in features.items() if key not in _NOT_FOR_THE_MODEL}
    # A question is over before a second thread has been woken; many texts keep every core busy.
    torch.set_num_threads(1 if len(texts) == 1 else os.cpu_count() or 1)
    with torch.inference_mode():
        output = model(inputs)
    owners = features["overflow_to_sample_mapping"].numpy()
    real = (features["attention_mask"].numpy() == 1) & (
        features["special_tokens_mask"].numpy() == 0
    )
    spans = features["offset_mapping"].numpy().astype(np.int32)
    ids = features["input_ids"].numpy().astype(np.int32)
    pooled = output["sentence_embedding"].float().numpy()
    hidden = _token_states(output)
    encodings: list[Encoding] = []
    for owner, prompt in enumerate(prompts):
        rows = np.flatnonzero(owners == owner).tolist()
        windows = [Window(ids[row], spans[row], real[row]) for row in rows]
        encodings.append(
            joined(
                windows, [pooled[row] for row in rows], [hidden[row] for row in rows], len(prompt)
            )
        )
    return encodings


def _token_states(output: dict[str, Any]) -> Floats:
    """Each token as the weighted sum of its last hidden states, each at unit length.

    The last layer alone knows what a sentence is about, but has begun to forget which word stands
    where; with the two layers below it more questions found the sentence that answers them.
    """
    layers = zip(output["all_layer_embeddings"][-3:], LAYER_WEIGHTS, strict=False)
    parts = [weight * unit(layer.float().numpy()) for layer, weight in layers]
    return unit(np.sum(parts, axis=0))
