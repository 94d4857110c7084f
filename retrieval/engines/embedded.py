"""The engine inside the process: FAISS for vectors, bm25s for words, arrays for the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.engines import Candidates, IndexedPassage, PassageTokens, WordStatistics

_K1: Final = 1.2
_B: Final = 0.75
_ABSENT: Final = -1
_DEVIATION_FLOOR: Final = 1e-6
_SENTENCES_EACH: Final = 4
"""Nearest sentences asked of FAISS for each passage wanted: several may be of one passage."""
_KEPT_AT_HAND: Final = 64 * 1024 * 1024
"""Bytes of token vectors that are kept in memory rather than read for each question."""
_SAMPLED: Final = 1024
"""Passages, spread evenly, from which mean and deviation of the cosines are taken."""


class EmbeddedEngine:
    """An index held in memory and in memory-mapped files.

    Build one with ``build`` or ``open``; the constructor takes the arrays as they are stored.
    """

    def __init__(
        self,
        articles: Sequence[str],
        arrays: Mapping[str, NDArray[Any]],
        index: faiss.Index,
        lexical: bm25s.BM25 | None,
    ) -> None:
        self._articles = list(articles)
        self._arrays = dict(arrays)
        self._places = arrays["places"]
        self._index = index
        self._lexical = lexical
        self._vocabulary: dict[str, int] = lexical.vocab_dict if lexical is not None else {}
        starts = arrays["sentence_starts"]
        self._owners = np.repeat(np.arange(len(self._places)), np.diff(starts))
        tokens = arrays["tokens"]
        # Single precision takes twice the memory and spares each question the conversion.
        self._tokens = tokens.astype(np.float32) if tokens.size * 4 <= _KEPT_AT_HAND else tokens
        step = -(-len(self._places) // _SAMPLED)
        self._sample = self._sentences_of(np.arange(0, len(self._places), step))

    @classmethod
    def build(cls, passages: Sequence[IndexedPassage]) -> EmbeddedEngine:
        """The index over ``passages``, of which there must be at least one."""
        articles = list(dict.fromkeys(item.passage.article for item in passages))
        number = {article: index for index, article in enumerate(articles)}
        places = np.array(
            [
                (
                    number[item.passage.article],
                    item.passage.paragraph,
                    item.passage.span.start,
                    item.passage.span.end,
                    item.passage.heading.start if item.passage.heading else _ABSENT,
                    item.passage.heading.end if item.passage.heading else _ABSENT,
                )
                for item in passages
            ],
            dtype=np.int64,
        )
        encodings = [encoding for item in passages for encoding in item.encodings]
        vectors = np.stack([encoding.vector for encoding in encodings]).astype(np.float32)
        tokens = [encoding.tokens for encoding in encodings]
        token_ids = [
            np.concatenate([encoding.tokens.ids for encoding in item.encodings])
            for item in passages
        ]
        distinct, frequency = np.unique(
            np.concatenate([np.unique(ids) for ids in token_ids]), return_counts=True
        )
        arrays: dict[str, NDArray[Any]] = {
            "places": places,
            "vectors": vectors,
            "hashes": np.array([item.text_hash for item in passages]),
            "sentences": np.array(
                [(s.start, s.end) for item in passages for s in item.sentences], dtype=np.int64
            ).reshape(-1, 2),
            "sentence_starts": _starts([len(item.sentences) for item in passages]),
            "tokens": np.concatenate([sentence.vectors for sentence in tokens]),
            "token_ids": np.concatenate(token_ids).astype(np.int32),
            "token_starts": _starts([len(sentence.ids) for sentence in tokens]),
            "frequent_ids": distinct.astype(np.int32),
            "frequencies": frequency.astype(np.int32),
        }
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        lexical = None
        if any(item.words for item in passages):
            lexical = bm25s.BM25(method="lucene", k1=_K1, b=_B)
            lexical.index([list(item.words) for item in passages], show_progress=False)
        return cls(articles, arrays, index, lexical)

    @classmethod
    def open(cls, folder: Path) -> EmbeddedEngine:
        """The index that ``save`` wrote. Token vectors stay on disk until they are read.

        Raises:
            OSError, ValueError, RuntimeError: The files are not such an index.
        """
        articles = (folder / "articles.txt").read_text("utf-8").split("\n")
        arrays = {
            path.stem: np.load(path, mmap_mode="r" if path.stem == "tokens" else None)
            for path in sorted(folder.glob("*.npy"))
        }
        index = faiss.read_index(str(folder / "dense.faiss"))
        words = folder / "words"
        lexical = bm25s.BM25.load(words) if words.is_dir() else None
        return cls(articles, arrays, index, lexical)

    def save(self, folder: Path) -> None:
        """Write the index into an empty folder, from which it can be opened again."""
        (folder / "articles.txt").write_text("\n".join(self._articles), "utf-8")
        for name, array in self._arrays.items():
            np.save(folder / f"{name}.npy", array)
        faiss.write_index(self._index, str(folder / "dense.faiss"))
        if self._lexical is not None:
            self._lexical.save(folder / "words", show_progress=False)

    def __len__(self) -> int:
        return len(self._places)

    def passage(self, row: int) -> Passage:
        article, paragraph, start, end, heading_start, heading_end = map(int, self._places[row])
        return Passage(
            article=self._articles[article],
            paragraph=paragraph,
            span=Span(start, end),
            heading=Span(heading_start, heading_end) if heading_start != _ABSENT else None,
        )

    def text_hash(self, row: int) -> str:
        """The hash of the text that the row's encoding was made from."""
        return str(self._arrays["hashes"][row])

    def sentences(self, row: int) -> Sequence[Span]:
        starts = self._arrays["sentence_starts"]
        found = self._arrays["sentences"][starts[row] : starts[row + 1]]
        return [Span(int(start), int(end)) for start, end in found]

    def vectors(self, row: int) -> Floats:
        starts = self._arrays["sentence_starts"]
        found: Floats = self._arrays["vectors"][starts[row] : starts[row + 1]]
        return found

    def tokens(self, row: int) -> PassageTokens:
        sentences = self._arrays["sentence_starts"]
        starts = self._arrays["token_starts"][sentences[row] : sentences[row + 1] + 1]
        place = slice(int(starts[0]), int(starts[-1]))
        return PassageTokens(
            vectors=self._tokens[place],
            ids=self._arrays["token_ids"][place],
            starts=starts - starts[0],
        )

    def token_frequency(self, ids: Integers) -> Integers:
        known = self._arrays["frequent_ids"]
        if not len(known):
            return np.zeros(len(ids), dtype=np.int32)
        places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
        found: Integers = np.where(known[places] == ids, self._arrays["frequencies"][places], 0)
        return found

    def word_frequency(self, words: Sequence[str]) -> list[int]:
        if self._lexical is None:
            return [0] * len(words)
        starts = self._lexical.scores["indptr"]
        return [
            int(starts[row + 1] - starts[row])
            if word and (row := self._vocabulary.get(word, _ABSENT)) != _ABSENT
            else 0
            for word in words
        ]

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        limit = min(limit, len(self))
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        # For this thread: two of them on one query wait for each other longer than they help, by
        # far the most where other programs want the processors too.
        faiss.omp_set_num_threads(1)
        near = self._index.search(query, min(_SENTENCES_EACH * limit, len(self._owners)))[1][0]
        nearest = np.array(list(dict.fromkeys(self._owners[near].tolist()))[:limit])
        scores = self._lexical_scores(words, statistics)
        best = np.argpartition(-scores, limit - 1)[:limit]
        rows = np.unique(np.concatenate([nearest, best[scores[best] > 0]]).astype(np.int64))
        everywhere = _best_cosines(*self._sample, query[0])
        return Candidates(
            rows=rows,
            dense=_best_cosines(*self._sentences_of(rows), query[0]),
            lexical=scores[rows],
            dense_mean=float(everywhere.mean()),
            dense_deviation=max(float(everywhere.std()), _DEVIATION_FLOOR),
            lexical_mean=float(scores.mean()),
            lexical_deviation=max(float(scores.std()), _DEVIATION_FLOOR),
        )

    def _sentences_of(self, rows: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """The sentence vectors of some passages, and where each passage's begin in them."""
        starts = self._arrays["sentence_starts"]
        counts = starts[rows + 1] - starts[rows]
        begin = _starts(counts.tolist())[:-1]
        places = np.arange(counts.sum()) + np.repeat(starts[rows] - begin, counts)
        return self._arrays["vectors"][places], begin

    def _lexical_scores(self, words: Sequence[str], statistics: WordStatistics | None) -> Floats:
        # bm25s numbers the empty word too, and has no scores for it.
        known = [word for word in words if word and word in self._vocabulary]
        if self._lexical is None or not known:
            return np.zeros(len(self), dtype=np.float32)
        if statistics is not None:
            return self._weighed_scores(self._lexical, known, statistics)
        scores: Floats = self._lexical.get_scores(known)
        return scores

    def _weighed_scores(
        self, lexical: bm25s.BM25, words: Sequence[str], statistics: WordStatistics
    ) -> Floats:
        """BM25 with the inverse document frequencies of ``statistics``, shape ``(n,)``.

        The index keeps each word's part of a passage's score with the word's own inverse document
        frequency in it, so that the part need only be scaled. The average length in it stays that
        of the passages here.
        """
        parts, rows, starts = (lexical.scores[key] for key in ("data", "indices", "indptr"))
        scores = np.zeros(len(self), dtype=np.float32)
        for word, own in zip(words, self.word_frequency(words), strict=True):
            column = self._vocabulary[word]
            place = slice(int(starts[column]), int(starts[column + 1]))
            everywhere = _rarity(statistics.frequencies[word], statistics.passages)
            scale = np.float32(everywhere / _rarity(own, len(self)))
            scores[rows[place]] += parts[place] * scale  # A word has one part in a passage.
        return scores


def _rarity(frequency: int, passages: int) -> float:
    """The inverse document frequency that the index is made with: Lucene's, always above 0."""
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def _starts(lengths: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _best_cosines(vectors: Floats, starts: NDArray[np.int64], query: Floats) -> Floats:
    """The highest cosine to ``query`` in each group of vectors."""
    best: Floats = np.maximum.reduceat(vectors @ query, starts)
    return best
