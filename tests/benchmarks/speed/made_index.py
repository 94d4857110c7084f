"""A collection's index over made passages, as the product leaves it on the disk.

Everything is the product's but what goes in: ``synthetic`` makes the passages, and an encoding's
tokens are drawn from a pool in which each entry of the vocabulary has been encoded in the context
of a few topics, since to encode each token of a million passages takes days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.analysis import words
from retrieval.articles import Article, Passage, Span
from retrieval.corpus.file_segments import FileSegments
from retrieval.corpus.generation import Generation, Part
from retrieval.corpus.segment import open_segment, write_segment
from retrieval.corpus.storage import Storage
from retrieval.database.records import GenerationRecord
from retrieval.encoders import Encoder
from retrieval.encoders.compression import TokenCodec, codec_for
from retrieval.encoders.kept import Codes, KeptEncoding, form_with
from retrieval.engines import IndexedPassage
from retrieval.languages import Language
from tests.benchmarks.speed.synthetic import (
    ENTRIES,
    Block,
    SyntheticPassages,
    pieces_of,
    tokens_of,
)

ENGLISH: Final = Language("en")
_SEGMENT: Final = "segment-made"
_INDEXES: Final = "indexes"
_CREATED: Final = datetime(2026, 11, 22, tzinfo=UTC)
_PASSAGES_EACH: Final = (2, 3)
"""Passages of one article and of the next."""
_CONTEXTS: Final = 16
"""Topics in which each token is encoded."""
_TITLE: Final = slice(0, 4)


class MadeIndex:
    """The index of a collection in a folder.

    Args:
        encoder: Whose index it is to be, by its name; it encodes nothing.
    """

    def __init__(self, folder: Path, passages: SyntheticPassages, encoder: Encoder) -> None:
        self._folder = folder
        self._passages = passages
        self._encoder = encoder
        self._segments = FileSegments(folder / _INDEXES)

    @property
    def is_there(self) -> bool:
        """Whether it has been written."""
        return (self._folder / _INDEXES / self._record.digest[:32]).is_dir()

    def write(self) -> None:
        """Make the index.

        Raises:
            StorageError: The folder cannot be written.
        """
        model = self._encoder.name
        codec = codec_for(model, self._passages.dimensions)
        source = _Source(self._passages, codec)
        articles = list(source.articles())
        folder = Storage(self._folder / _INDEXES).write(
            _SEGMENT,
            lambda into: {
                **write_segment(
                    into, model, articles, source.passages(), vocabulary=source.vocabulary
                ),
                "form": form_with(model, codec),
            },
        )
        parts = [Part(open_segment(_SEGMENT, folder, model, trusted=False))]
        record = self._record
        self._segments.keep(Generation(record.digest, record.created, model, parts, record.encoded))

    def read(self) -> Generation:
        """The index, opened and checked as at the start of the bot.

        Raises:
            DamagedError: It is not what was written.
        """
        generation = self._segments.generation(self._record)
        if generation is None:
            raise FileNotFoundError(self._folder)
        generation.warm()
        return generation

    @property
    def _record(self) -> GenerationRecord:
        model = self._encoder.name
        digest = hashlib.sha256(f"{model} {self._passages}".encode()).hexdigest()
        return GenerationRecord(digest, _CREATED, model, len(self._passages))


class _Source:
    """Articles of made passages, and the same passages as an index takes them."""

    def __init__(self, passages: SyntheticPassages, codec: TokenCodec) -> None:
        self._passages = passages
        self._codec = codec
        self._lengths = np.array([len(word) for word in passages.spelled])
        self._used = np.zeros(passages.vocabulary, dtype=np.bool_)

    @property
    def vocabulary(self) -> Iterator[str]:
        """The words of the articles, once all of these were made."""
        return (self._passages.spelled[rank] for rank in np.flatnonzero(self._used).tolist())

    def articles(self) -> Iterator[tuple[Article, Language]]:
        for block in self._passages.blocks():
            self._used[block.words] = True
            texts = list(block.texts())
            for first, last in _articles_of(block):
                id_ = _id(block, first)
                text = "\n\n".join(texts[first:last])
                title = id_.rpartition("-")[0].replace("-", " ").capitalize()
                yield Article(id_, title, text, source=f"{id_}.md"), ENGLISH

    def passages(self) -> Iterator[IndexedPassage]:
        for block in self._passages.blocks():
            encodings = self._encodings(block)
            spans = self._spans(block)
            for first, last in _articles_of(block):
                id_, offset = _id(block, first), 0
                for number in range(first, last):
                    sentences = [Span(start + offset, end + offset) for start, end in spans[number]]
                    whole = Span(offset, sentences[-1].end)
                    offset = whole.end + len("\n\n")
                    yield IndexedPassage(
                        passage=Passage(id_, number - first + 1, whole),
                        text_hash=hashlib.sha256(f"{block.first + number}".encode()).hexdigest(),
                        words=self._words(block, number),
                        sentences=tuple(sentences),
                        encoding=encodings[number],
                    )

    def _words(self, block: Block, number: int) -> tuple[str, ...]:
        start, end = block.word_starts[block.sentence_starts[number : number + 2]].tolist()
        ranks = block.words[start:end].tolist()
        return tuple(chain.from_iterable([self._analysed[rank] for rank in ranks]))

    def _spans(self, block: Block) -> list[list[tuple[int, int]]]:
        """Where each passage's sentences are in its text."""
        # Behind each word a space or the full stop.
        ends = np.cumsum(self._lengths[block.words] + 1)
        lengths = np.diff(ends[block.word_starts[1:] - 1], prepend=0)
        found = []
        for first, last in pairwise(block.sentence_starts.tolist()):
            stops = np.cumsum(lengths[first:last] + 1).tolist()
            starts = [0, *stops[:-1]]
            found.append([(s, e - 1) for s, e in zip(starts, stops, strict=True)])
        return found

    def _encodings(self, block: Block) -> list[KeptEncoding]:
        vectors = self._passages.vectors_of(block).astype(np.float16)
        ranks = block.words.astype(np.int64)
        ids = tokens_of(ranks)
        ends = np.cumsum(pieces_of(ranks))
        counts = np.diff(ends[block.word_starts[1:] - 1], prepend=0).astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(counts)])[block.sentence_starts]
        contexts = np.repeat(block.topics % _CONTEXTS, np.diff(starts))
        codes = self._pool[contexts, ids]
        sentences = pairwise(block.sentence_starts.tolist())
        return [
            KeptEncoding(vectors[first:last], counts[first:last], ids[start:end], codes[start:end])
            for (first, last), (start, end) in zip(
                sentences, pairwise(starts.tolist()), strict=True
            )
        ]

    @cached_property
    def _analysed(self) -> Sequence[tuple[str, ...]]:
        """What each word, by its rank, is for the lexical side."""
        return [tuple(words(word, ENGLISH)) for word in self._passages.spelled]

    @cached_property
    def _pool(self) -> Codes:
        """The codes of each token in each context, shape ``(c, entries, width)``."""
        ids = np.arange(ENTRIES, dtype=np.int32)
        return np.stack(
            [
                self._codec.encode(self._passages.token_vectors(ids, self._passages.centre(topic)))
                for topic in range(_CONTEXTS)
            ]
        )


def _articles_of(block: Block) -> Iterator[tuple[int, int]]:
    """The first passage of each article and the one behind its last, by their numbers."""
    first = article = 0
    while first < len(block):
        last = min(len(block), first + _PASSAGES_EACH[article % len(_PASSAGES_EACH)])
        yield first, last
        first, article = last, article + 1


def _id(block: Block, number: int) -> str:
    """The id of the article that begins with a passage of a block."""
    ranks: NDArray[np.int32] = block.ranks(int(block.sentence_starts[number]))[_TITLE]
    name = "-".join(block.spelled[rank] for rank in ranks.tolist())
    return f"{name}-{block.first + number}"
