"""The engine inside the process: an inverted index for words, FAISS and arrays for vectors."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.encoders.compression import TokenCodec
from retrieval.engines import (
    Candidates,
    IndexedPassage,
    PassageTokens,
    TokenMatches,
    WordStatistics,
)
from retrieval.engines.embedded.columns import (
    Array,
    Columns,
    ColumnsInFiles,
    ColumnsInMemory,
    open_columns,
)
from retrieval.engines.embedded.dense import (
    DenseIndex,
    DenseScores,
    checks_of,
    clustered,
    open_clusters,
    save_clusters,
)
from retrieval.engines.embedded.lexical import (
    LexicalBuilder,
    LexicalIndex,
    LexicalScores,
    starts_of,
)
from retrieval.engines.embedded.tokens import TokenBuilder, TokenIndex

_ABSENT: Final = -1
_DEVIATION_FLOOR: Final = 1e-6
_AT_ONCE: Final = 1000
"""Passages gathered before they are written."""
_CLUSTERS: Final = "clusters.faiss"
_ARTICLES: Final = "articles.json"
_READ_IN_PARTS: Final = ("token_codes", "token_ids", "vectors")
CHECKED_ON_READING: Final = (
    "token_codes.bin",
    "token_ids.bin",
    "vectors.bin",
    "posting_rows.bin",
    "posting_parts.bin",
)
"""Files whose parts are checked when they are read, unless ``open`` is told to trust them."""


class EmbeddedEngine:
    """An index held in memory and in files that are mapped into it; never changed once made.

    Build one with ``build``, or with ``write`` and ``open``.
    """

    def __init__(
        self,
        articles: Sequence[str],
        columns: Mapping[str, Any],
        clusters: faiss.IndexIVF | None,
        codec: TokenCodec,
        *,
        trusted: bool = True,
    ) -> None:
        self._articles = tuple(articles)
        self._columns = columns
        self._clusters = clusters
        self._places = columns["places"]
        self._sentences = columns["sentences"]
        self._starts = columns["sentence_starts"]
        checks = None if trusted else columns["vector_checks"]
        self._dense = DenseIndex(columns["vectors"], self._starts, clusters, checks)
        self._lexical = LexicalIndex(columns, len(self._places), trusted=trusted)
        self._tokens = TokenIndex(columns, self._starts, codec, trusted=trusted)

    @classmethod
    def build(
        cls,
        passages: Sequence[IndexedPassage],
        codec: TokenCodec,
        average_length: float | None = None,
    ) -> EmbeddedEngine:
        """The index over ``passages``, of which there must be at least one, in memory.

        Args:
            codec: What the passages' tokens were written with.
            average_length: Of the passages in words, where they are asked together with others.
        """
        articles, columns = _gather(passages, ColumnsInMemory(), average_length)
        return cls(articles, columns, clustered(columns["vectors"]), codec)

    @staticmethod
    def write(
        passages: Iterable[IndexedPassage], folder: Path, average_length: float | None = None
    ) -> None:
        """Make the index over ``passages`` in an empty folder; they need not fit into memory.

        Raises:
            OSError, RuntimeError: The folder cannot be written.
        """
        with ColumnsInFiles(folder) as files:
            articles, columns = _gather(passages, files, average_length)
        _save(folder, articles, clustered(columns["vectors"]))

    @classmethod
    def open(
        cls, folder: Path, codec_for: Callable[[int], TokenCodec], *, trusted: bool = True
    ) -> EmbeddedEngine:
        """The index that ``write`` has left.

        Args:
            codec_for: Gives what the tokens were written with, by the dimensions of the vectors.
            trusted: Whether every file is known to be whole. Otherwise what is in
                ``CHECKED_ON_READING`` is checked then, and all others are.

        Raises:
            OSError, ValueError, RuntimeError, KeyError, TypeError: The files are not such an index.
            DamagedError: What was looked at already is not what was written.
        """
        articles = json.loads((folder / _ARTICLES).read_text("utf-8"))
        columns = open_columns(folder, _READ_IN_PARTS)
        codec = codec_for(columns["vectors"].shape[1])
        path = folder / _CLUSTERS
        clusters = open_clusters(path) if path.exists() else None
        return cls(articles, columns, clusters, codec, trusted=trusted)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def average_length(self) -> float:
        """How many words a passage has on average."""
        return float(self._columns["word_total"][0]) / len(self)

    @property
    def article_ids(self) -> Sequence[str]:
        """The articles, in the order of their passages."""
        return self._articles

    def spans(self) -> tuple[Array, Array, Array]:
        """Where every passage begins and ends, and the number of its article in ``article_ids``:
        each of shape ``(n,)``."""
        return self._places[:, 2], self._places[:, 3], self._places[:, 0]

    def rows_of(self, articles: Collection[str]) -> NDArray[np.int64]:
        numbers = [number for number, id_ in enumerate(self._articles) if id_ in articles]
        return np.flatnonzero(np.isin(self._places[:, 0], numbers))

    def passage(self, row: int) -> Passage:
        article, paragraph, start, end, heading_start, heading_end = self._places[row].tolist()
        return Passage(
            article=self._articles[article],
            paragraph=paragraph,
            span=Span(start, end),
            heading=Span(heading_start, heading_end) if heading_start != _ABSENT else None,
        )

    def text_hash(self, row: int) -> str:
        """The hash of the text that the row's encoding was made from."""
        return bytes(self._columns["hashes"][row]).hex()

    def sentences(self, row: int) -> Sequence[Span]:
        found = self._sentences[self._starts[row] : self._starts[row + 1]].tolist()
        return [Span(start, end) for start, end in found]

    def vectors(self, row: int) -> Floats:
        return self._dense.of(row)

    def tokens(self, row: int) -> PassageTokens:
        return self._tokens.of(row)

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        return self._tokens.matches(vectors, rows)

    def token_frequency(self, ids: Integers) -> Integers:
        return self._tokens.frequency(ids)

    def word_frequency(self, words: Sequence[str]) -> list[int]:
        return [self._lexical.frequency(word) for word in words]

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
        *,
        left: NDArray[np.bool_] | None = None,
    ) -> Candidates:
        """As every engine has it.

        Args:
            left: Which passages may be found, shape ``(n,)``; all where not given.
        """
        limit = min(limit, len(self))
        dense = self._dense.scores(vector)
        lexical = self._lexical.scores(words, statistics)
        rows = np.unique(np.concatenate([dense.best(limit, left), lexical.best(limit, left)]))
        return _scored(rows, dense, lexical)

    def scores(
        self,
        vector: Floats,
        words: Sequence[str],
        rows: NDArray[np.int64],
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        return _scored(rows, self._dense.scores(vector), self._lexical.scores(words, statistics))


def _scored(rows: NDArray[np.int64], dense: DenseScores, lexical: LexicalScores) -> Candidates:
    dense_mean, dense_deviation = dense.mean_and_deviation()
    lexical_mean, lexical_deviation = lexical.mean_and_deviation()
    return Candidates(
        rows=rows,
        dense=dense.of(rows),
        lexical=lexical.values[rows],
        dense_mean=dense_mean,
        dense_deviation=dense_deviation,
        lexical_mean=lexical_mean,
        lexical_deviation=max(lexical_deviation, _DEVIATION_FLOOR),
    )


def _gather(
    passages: Iterable[IndexedPassage], columns: Columns, average_length: float | None
) -> tuple[list[str], Mapping[str, Array]]:
    """The ids of the articles, and all that is kept of their passages."""
    articles: dict[str, int] = {}
    sentences: list[int] = []
    words = 0
    lexical, tokens = LexicalBuilder(), TokenBuilder(columns)
    for some in _batches(passages):
        for item in some:
            articles.setdefault(item.passage.article, len(articles))
            lexical.add(item.words)
            words += len(item.words)
            sentences.append(len(item.sentences))
        places = [_place(item.passage, articles[item.passage.article]) for item in some]
        columns.append("places", np.array(places, dtype=np.int32))
        hashes = b"".join(bytes.fromhex(item.text_hash) for item in some)
        columns.append("hashes", np.frombuffer(hashes, dtype=np.uint8).reshape(len(some), -1))
        spans = [(span.start, span.end) for item in some for span in item.sentences]
        columns.append("sentences", np.array(spans, dtype=np.int32))
        vectors = [item.encoding.vectors for item in some]
        columns.append("vectors", np.concatenate(vectors))
        columns.append("vector_checks", checks_of(vectors))
        tokens.add(some)
    columns.append("sentence_starts", starts_of(sentences))
    columns.append("word_total", np.array([words], dtype=np.int64))
    tokens.finish()
    lexical.finish(columns, average_length)
    return list(articles), columns.finish()


def _save(folder: Path, articles: Sequence[str], clusters: faiss.IndexIVF | None) -> None:
    (folder / _ARTICLES).write_text(json.dumps(articles), "utf-8")
    if clusters is not None:
        save_clusters(clusters, folder / _CLUSTERS)


def _place(passage: Passage, article: int) -> tuple[int, ...]:
    heading = passage.heading
    return (
        article,
        passage.paragraph,
        passage.span.start,
        passage.span.end,
        heading.start if heading else _ABSENT,
        heading.end if heading else _ABSENT,
    )


def _batches(passages: Iterable[IndexedPassage]) -> Iterator[list[IndexedPassage]]:
    remaining: Iterator[Any] = iter(passages)
    while some := list(islice(remaining, _AT_ONCE)):
        yield some
