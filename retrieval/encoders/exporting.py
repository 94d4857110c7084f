"""Exports a sentence-transformers model for ONNX Runtime, as a program of its own.

    python -m retrieval.encoders.exporting MODEL FOLDER

It takes torch and a gigabyte of memory for some seconds, which the process that answers questions
never needs. Each line on standard output says what is done next, or, before an exit status that is
not 0, why the model cannot be exported.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retrieval.encoders import Encoding
from retrieval.encoders.exports import (
    CANNOT,
    GRAPH,
    TOKENIZER,
    WEIGHTS,
    Export,
    read_export,
    write_manifest,
)
from retrieval.encoders.onnx_encoder import IDS, MASK, SENTENCE, TOKENS, OnnxEncoder
from retrieval.encoders.sentence_transformer import (
    LAYER_WEIGHTS,
    SentenceTransformerEncoder,
    window_of,
)
from retrieval.encoders.windows import unit
from retrieval.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_NOT_LOADED: Final = 3
"""The exit status when there is no such model."""
_AGREEMENT: Final = 0.9999
"""The cosine that each vector must have with the original's."""
_OPSET: Final = 20
_UNOPTIMIZED: Final = "unoptimized.onnx"
_OPTIMIZED: Final = "optimized.onnx"
_SLOWER_FUSED: Final = "SkipLayerNormFusion"
"""What is left apart: ONNX Runtime adds and normalises in twice the time when it does both at once,
which was an eighth of a pass of many tokens."""

_TRIED: Final = (
    "",
    "?",
    "Who was it?",
    "The mayor opened the bridge on Sunday, 14 May 2017.",
    "It didn't (as some had hoped) cost £3.50: \u201cfree\u201d, they said\u2026",
    "Ça n'a pas été décidé à l'avance.",
    "Die Überschwemmung zerstörte 1.200 Häuser.",
    "北京市长宣布开幕。 Новый мост 🌉 открыт.",
    "[CLS] e\u0301 \u200f\ufeff [SEP]\r\n\t\x00 [PAD]",
    "The lighthouse stood where the river met the sea. " * 40,
)
"""Texts that are short, long, empty, and of many languages."""


def export(model: str, folder: Path) -> None:
    """Write the export of a model into an empty folder.

    Raises:
        ModelError: The model cannot be loaded.
        ValueError: The export does not give the model's vectors.
    """
    # Nothing leaves the machine, not even that ONNX Runtime was loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    original = SentenceTransformerEncoder(model)
    _say("Loading it with sentence-transformers")
    loaded = original.load()
    expected = _encoded(original)
    _say("Writing its graph")
    _write_graph(loaded, folder / _UNOPTIMIZED)
    _say("Optimizing the graph")
    _optimize(folder)
    loaded.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    prompts = {kind: str(text) for kind, text in (loaded.prompts or {}).items() if text}
    made = Export(folder, window_of(loaded), prompts)
    write_manifest(made, original.name)
    _say("Comparing the vectors")
    found = _encoded(OnnxEncoder(read_export(folder, original.name), original.name))
    for text, one, other in zip(_TRIED * 2, expected, found, strict=True):
        _compare(text, one, other)


def _encoded(encoder: SentenceTransformerEncoder | OnnxEncoder) -> list[Encoding]:
    asked = [encoder.encode_question(text, "What is it?") for text in _TRIED]
    return asked + encoder.encode_sentences(_TRIED)


def _compare(text: str, one: Encoding, other: Encoding) -> None:
    same = np.array_equal(one.tokens.ids, other.tokens.ids) and np.array_equal(
        one.spans, other.spans
    )
    if not same:
        raise ValueError(f"Its tokens differ for {text[:40]!r}.")
    agreement = float(one.vector @ other.vector)
    if len(one.tokens.ids):
        # Made anew at unit length, from which half precision is off by as much as is allowed here.
        pairs = [unit(made.tokens.vectors.astype(np.float32)) for made in (one, other)]
        agreement = min(agreement, float((pairs[0] * pairs[1]).sum(axis=1).min()))
    if not agreement >= _AGREEMENT:
        raise ValueError(f"Its vectors differ for {text[:40]!r}: a cosine of {agreement:.5f}.")


def _write_graph(model: SentenceTransformer, file: Path) -> None:
    import torch

    class Both(torch.nn.Module):
        """The vector of a text and the states of its tokens, from one forward pass."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor
        ) -> tuple[torch.Tensor, torch.Tensor]:
            output = self.model({IDS: input_ids, MASK: attention_mask})
            states = weighted(output["all_layer_embeddings"])
            return output["sentence_embedding"], states

    def weighted(layers: Sequence[torch.Tensor]) -> torch.Tensor:
        unit = torch.nn.functional.normalize
        parts = [
            weight * unit(layer.float(), dim=-1)
            for layer, weight in zip(layers[-len(LAYER_WEIGHTS) :], LAYER_WEIGHTS, strict=False)
        ]
        return unit(torch.stack(parts).sum(dim=0), dim=-1)

    transformer: Any = model[0]
    # Torch's own attention brings guards against rows without any token, of which there are none.
    transformer.auto_model.set_attn_implementation("eager")
    # Of two different sizes, neither of them one, so that none of it is taken for a constant.
    ids = torch.arange(26).reshape(2, 13)
    mask = torch.ones_like(ids)
    mask[1, 7:] = 0
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            Both().eval(),
            (ids, mask),
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=[IDS, MASK],
            output_names=[SENTENCE, TOKENS],
            dynamic_shapes={IDS: sizes, MASK: sizes},
        )
    assert program is not None  # noqa: S101  # it is only for the older exporter
    program.save(str(file))


def _optimize(folder: Path) -> None:
    """Fuse nodes once, here, instead of at every start; and put the weights beside the graph."""
    import onnx
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    # What lies beyond is for this very processor, and the folder may be moved to another.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(folder / _OPTIMIZED)
    onnxruntime.InferenceSession(
        str(folder / _UNOPTIMIZED),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=[_SLOWER_FUSED],
    )
    onnx.save_model(
        onnx.load(str(folder / _OPTIMIZED)),
        str(folder / GRAPH),
        save_as_external_data=True,
        location=WEIGHTS,
        size_threshold=1024,
    )
    (folder / _UNOPTIMIZED).unlink()
    (folder / _OPTIMIZED).unlink()


def _say(line: str) -> None:
    print(line, flush=True)


def main(model: str, folder: Path) -> int:
    try:
        export(model, folder)
    except ModelError as error:
        _say(str(error))
        return _NOT_LOADED
    except Exception as error:  # Exporters raise exceptions of every kind.
        _say((str(error) or repr(error)).splitlines()[0])
        return CANNOT
    return 0


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
