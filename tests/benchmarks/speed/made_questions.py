"""Questions about made passages, and an encoder that has their encodings at hand."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np

from retrieval.encoders import Encoding, Floats, Progress, Tokens
from tests.benchmarks.speed.synthetic import (
    BLOCK,
    FUNCTION_WORDS,
    SyntheticPassages,
    is_whole,
    pieces_of,
    rank_of,
    tokens_of,
)

_WORD: Final = re.compile(r"\w+")
_ASKED: Final = 5
"""Words of a sentence that become a question, besides what every question has."""


@dataclass(frozen=True, slots=True, eq=False)
class MadeQuestion:
    """A question that a sentence of a made passage answers.

    Attributes:
        misspelled: The same with two letters of its rarest word swapped.
        vector: Shape ``(d,)``.
    """

    text: str
    misspelled: str
    vector: Floats


def questions_about(passages: SyntheticPassages, count: int) -> Iterator[MadeQuestion]:
    """So many questions about passages from everywhere, the same ones each time."""
    for number in range(count):
        place = number * len(passages) // count
        first = place // BLOCK * BLOCK
        block = passages.block(place // BLOCK, first, min(BLOCK, len(passages) - first))
        sentence = int(block.sentence_starts[place - first])
        vector, topic = passages.vectors_of(block)[sentence], int(block.topics[place - first])
        ranks = block.ranks(sentence).tolist()
        own = [rank for rank in dict.fromkeys(ranks) if rank >= len(FUNCTION_WORDS)][:_ASKED]
        said = [block.spelled[rank] for rank in own] or ["nothing"]
        rarest = said[own.index(max(own))] if own else said[0]
        text = f"Where was the {said[0]} of {' '.join(said[1:])}?"
        yield MadeQuestion(
            text=text,
            misspelled=text.replace(rarest, f"{rarest[0]}{rarest[2]}{rarest[1]}{rarest[3:]}"),
            vector=passages.question_about(vector, topic, number),
        )


class ReadyMadeEncoder:
    """Gives the made encodings of made questions.

    Args:
        name: Of the model in whose place it stands.

    Attributes:
        seconds: How long it took to give the last one, which is no part of what is measured.
    """

    runtime = "made"

    def __init__(
        self, name: str, passages: SyntheticPassages, questions: Iterable[MadeQuestion]
    ) -> None:
        self.name = name
        self.seconds = 0.0
        self._passages = passages
        self._vectors: dict[str, Floats] = {}
        for question in questions:
            self._vectors[question.text] = self._vectors[question.misspelled] = question.vector

    @property
    def dimensions(self) -> int:
        return self._passages.dimensions

    def load(self) -> object:
        return self

    def is_word(self, word: str) -> bool:
        rank = rank_of(word)
        return rank is not None and is_whole(rank)

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        return [self.encode_question(text) for text in texts]

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        return enumerate(map(self.encode_question, texts))

    def encode_question(self, text: str, context: str = "") -> Encoding:
        start = time.perf_counter()
        vector = self._vectors.get(text)
        if vector is None:
            number = crc32(text.encode())
            vector = self._passages.vector_near(number, number)
        matches = list(_WORD.finditer(text))
        known = (rank_of(match[0].casefold()) for match in matches)
        ranks = np.array(
            [
                crc32(match[0].encode()) % self._passages.vocabulary if rank is None else rank
                for match, rank in zip(matches, known, strict=True)
            ],
            dtype=np.int64,
        )
        ids = tokens_of(ranks)
        spans = np.array([match.span() for match in matches], dtype=np.int32).reshape(-1, 2)
        tokens = Tokens(self._passages.token_vectors(ids, vector).astype(np.float16), ids)
        made = Encoding(vector, tokens, np.repeat(spans, pieces_of(ranks), axis=0))
        self.seconds = time.perf_counter() - start
        return made

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        return [self.encode_question(text, context) for text, context in asked]
