"""An encoder without a model, where what is encoded is not what matters: it starts at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from zlib import crc32

import numpy as np

from retrieval.encoders import Encoding, Progress, Tokens, packaged

_WORDS: Final = 20_000
_DIMENSIONS: Final = 384


class TableEncoder:
    """Every word has a random vector, and a text the mean of its words'.

    Its name is the packaged model's, for whose vectors there is a calibration: what was kept with
    one of them must not be opened with the other.
    """

    name = packaged.NAME
    dimensions = _DIMENSIONS
    runtime = "a table"

    def __init__(self) -> None:
        vectors = np.random.default_rng(0).standard_normal((_WORDS, _DIMENSIONS), dtype=np.float32)
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def load(self) -> object:
        return self._vectors

    def is_word(self, word: str) -> bool:
        return bool(word)

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        return list(map(self.encode_question, texts))

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        return enumerate(map(self.encode_question, texts))

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        return [self.encode_question(text, context) for text, context in asked]

    def encode_question(self, text: str, context: str = "") -> Encoding:
        words = re.findall(r"\w+", f"{context} {text}".lower()) or [""]
        ids = np.array([crc32(word.encode()) % _WORDS for word in words], dtype=np.int32)
        vectors = self._vectors[ids]
        mean = vectors.mean(axis=0)
        return Encoding(mean / np.linalg.norm(mean), Tokens(vectors.astype(np.float16), ids))
