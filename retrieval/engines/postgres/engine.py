"""The engine inside PostgreSQL: a graph or all vectors for what is near, postings for words."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, TextClause

from retrieval.articles import Passage, Span
from retrieval.encoders import Floats, Integers
from retrieval.encoders.compression import TokenCodec
from retrieval.engines import Candidates, PassageTokens, TokenMatches, WordStatistics
from retrieval.engines.embedded.dense import (
    DEVIATION_FLOOR,
    SAMPLED,
    SENTENCES_EACH,
    best_cosines,
)
from retrieval.engines.embedded.lexical import starts_of
from retrieval.engines.embedded.tokens import frequency_of
from retrieval.engines.matching import matches_of
from retrieval.engines.postgres import queries
from retrieval.engines.postgres.header import Header
from retrieval.engines.postgres.records import Record, Records, read_records, read_vectors
from retrieval.errors import DamagedError
from retrieval.halves import to_single
from retrieval.postgres.text import key_of

T = TypeVar("T")

_REMEMBERED: Final = 4096
"""Words whose number of passages is remembered: each question asks for the same ones twice."""
_MOST_AHEAD: Final = 64
"""Passages that are read together where one after another is looked at."""
_FURTHER: Final = 4
"""How many times as many sentences are asked for where those found are of too few passages."""
_FEW: Final = 4000
"""Passages of which every sentence is compared, however many others are gone."""
_FARTHEST: Final = 20_000
"""Sentences that the graph is asked for; where these are of too few passages, all are compared."""
_SHORTEST_LIST: Final = 200
_LONGEST_LIST: Final = 1000
"""Nearest vectors that a search of the graph keeps at once: the second is the most there can be."""
_SCANNED_FOR_EACH: Final = 200
"""Vectors that are looked at for each that is asked for: others' lie between them."""
_SETTINGS: Final = {"plan_cache_mode": "force_custom_plan", "jit": "off"}
"""Plans are made for the arrays that are asked with, and take less time than to compile them."""


class Snapshots(Protocol):
    """What gives connections to a database server that sees one moment."""

    def ask(
        self,
        work: Callable[[Connection], T],
        collection: str | None,
        *,
        needs: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> T:
        """What ``work`` makes of a connection to a server.

        Args:
            collection: Whose rows it sees.
            needs: A segment that the server must have.
            settings: Of the transaction, by name.

        Raises:
            StorageError: No server can be read.
        """
        ...


class PostgresEngine:
    """An index in the tables of a database, where ``write_index`` has put it.

    It is never changed. Where it was deleted since, whatever needs it raises DamagedError.

    Args:
        codec: What the passages' tokens were written with.
    """

    def __init__(
        self,
        servers: Snapshots,
        collection: str,
        segment: str,
        header: Header,
        codec: TokenCodec,
    ) -> None:
        self._servers = servers
        self._collection = collection
        self._segment = segment
        self._header = header
        self._codec = codec
        self._records = Records(self._read_records)
        self._frequencies: dict[str, int] = {}
        self._expected, self._ahead = 0, 1
        self._sample: tuple[Floats, NDArray[np.int64]] | None = None
        self._changing = threading.Lock()

    def __len__(self) -> int:
        return len(self._header)

    @property
    def average_length(self) -> float:
        """How many words a passage has on average."""
        return self._header.word_total / len(self)

    @property
    def article_ids(self) -> Sequence[str]:
        """The articles, in the order of their passages."""
        return self._header.article_ids

    def spans(self) -> tuple[Integers, Integers, Integers]:
        """Where every passage begins and ends, and the number of its article in ``article_ids``:
        each of shape ``(n,)``."""
        places = self._header.places
        return places[:, 2], places[:, 3], places[:, 0]

    def rows_of(self, articles: Collection[str]) -> NDArray[np.int64]:
        ids = self._header.article_ids
        numbers = [number for number, id_ in enumerate(ids) if id_ in articles]
        return np.flatnonzero(np.isin(self._header.places[:, 0], numbers))

    def passage(self, row: int) -> Passage:
        return self._header.passage(row)

    def sentences(self, row: int) -> Sequence[Span]:
        return [Span(start, end) for start, end in self._record(row).sentences.tolist()]

    def vectors(self, row: int) -> Floats:
        return to_single(self._record(row).vectors)

    def tokens(self, row: int) -> PassageTokens:
        record = self._record(row)
        return PassageTokens(record.token_ids, record.token_starts)

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        records = self._records.of(rows)
        sizes = [np.diff(record.token_starts) for record in records]
        return matches_of(
            self._codec,
            vectors,
            [record.codes for record in records if len(record.codes)],
            np.concatenate([np.zeros(0, dtype=np.int64), *sizes]),
            starts_of([len(own) for own in sizes]),
        )

    def token_frequency(self, ids: Integers) -> Integers:
        return frequency_of(self._header.token_frequency, ids)

    def word_frequency(self, words: Sequence[str]) -> list[int]:
        known = self._frequencies
        if missing := {word for word in words if word not in known}:
            keys = {key_of(word): word for word in missing}
            found = self._ask(queries.FREQUENCIES, {"words": list(keys)})
            if not found:
                raise DamagedError(f"{self._segment} is gone")
            counts = dict.fromkeys(missing, 0)
            counts |= {keys[row.word]: row.frequency for row in found if row.word is not None}
            with self._changing:
                kept = known if len(known) + len(counts) <= _REMEMBERED else {}
                known = self._frequencies = kept | counts
        return [known[word] for word in words]

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
        gone = [] if left is None else np.flatnonzero(~left).tolist()
        asked = self._asked(vector, words, statistics) | {"gone": gone, "limit": limit}
        if not self._header.approximate:
            return self._measured(vector, self._ask(queries.BEST, asked))
        number = len(self) - len(gone)
        if left is not None and number <= _FEW:
            asked["rows"] = np.flatnonzero(left).tolist()
            found = self._ask(queries.SCORES_OF_MANY, asked)
        else:
            found = self._near(asked, min(limit, number))
        candidates = self._measured(vector, found)
        return candidates.only(_best(candidates, limit))

    def scores(
        self,
        vector: Floats,
        words: Sequence[str],
        rows: NDArray[np.int64],
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        asked = self._asked(vector, words, statistics) | {"rows": rows.tolist()}
        if not self._header.approximate:
            return self._measured(vector, self._ask(queries.SCORES, asked))
        asked |= {"gone": [], "limit": 0}
        return self._measured(vector, self._ask(queries.SCORES_OF_MANY, asked))

    def _near(self, asked: Mapping[str, Any], wanted: int) -> Sequence[Row[Any]]:
        """What is nearest, and what is best by its words, each with its scores.

        Args:
            wanted: How many passages at least, of those that may be found.
        """
        statement = queries.best_of_many(self._header.dimensions)
        sentences = SENTENCES_EACH * wanted
        while sentences <= _FARTHEST:
            found = self._ask(statement, {**asked, "sentences": sentences}, _searching(sentences))
            if sum(bool(row.is_near) for row in found) >= wanted:
                return found
            # Those of few passages were nearest, or what the graph leads to is another's.
            sentences *= _FURTHER
        return self._ask(queries.BEST, asked)

    def _asked(
        self, vector: Floats, words: Sequence[str], statistics: WordStatistics | None
    ) -> dict[str, Any]:
        """A question as the statements take it."""
        times: dict[str, int] = {}
        for word in words:
            times[word] = times.get(word, 0) + 1
        known = None if statistics is None else [statistics.frequencies[word] for word in times]
        return queries.halves_of(vector) | {
            "words": [key_of(word) for word in times],
            "times": list(times.values()),
            "frequencies": known,
            "counted": len(self) if statistics is None else statistics.passages,
        }

    def _ask(
        self,
        statement: TextClause,
        asked: Mapping[str, Any],
        settings: Mapping[str, str] = _SETTINGS,
    ) -> Sequence[Row[Any]]:
        of_segment = {"collection": self._collection, "segment": self._segment}
        return self._servers.ask(
            lambda connection: connection.execute(statement, {**of_segment, **asked}).all(),
            self._collection,
            needs=self._segment,
            settings=settings,
        )

    def _measured(self, vector: Floats, found: Sequence[Row[Any]]) -> Candidates:
        """The scores of some passages, and what they are on the whole.

        Raises:
            DamagedError: Not all passages are there.
        """
        whole, size = found[0], len(self)
        scored = [] if whole.row is None else found
        if whole.passages != size or any(each.cosine is None for each in scored):
            raise DamagedError(f"passages of {self._segment} are missing")
        if self._header.approximate:
            sampled = best_cosines(*self._sampled(), np.ascontiguousarray(vector, np.float32))
            dense = float(sampled.mean()), float(sampled.std())
        else:
            dense = whole.dense_mean, whole.dense_deviation
        mean = whole.lexical_total / size
        variance = max(0.0, whole.lexical_squares / size - mean * mean)
        return Candidates(
            rows=np.array([each.row for each in scored], dtype=np.int64),
            dense=np.array([each.cosine for each in scored], dtype=np.float32),
            lexical=np.array([each.score for each in scored], dtype=np.float32),
            dense_mean=dense[0],
            dense_deviation=max(dense[1], DEVIATION_FLOOR),
            lexical_mean=mean,
            lexical_deviation=max(math.sqrt(variance), DEVIATION_FLOOR),
        )

    def _sampled(self) -> tuple[Floats, NDArray[np.int64]]:
        """The vectors of passages that are spread evenly, and where each passage's begin."""
        if self._sample is None:
            rows = list(range(0, len(self), -(-len(self) // SAMPLED)))
            vectors = self._servers.ask(
                lambda connection: read_vectors(
                    connection, self._collection, self._segment, rows, self._header.dimensions
                ),
                self._collection,
                needs=self._segment,
            )
            starts = starts_of([len(each) for each in vectors])[:-1]
            self._sample = to_single(np.concatenate(vectors)), starts
        return self._sample

    def _record(self, row: int) -> Record:
        if not self._records.has(row):
            # Whoever reads one after another need not ask for each.
            ahead = 1
            if row == self._expected:
                ahead = min(_MOST_AHEAD, 2 * self._ahead)
            last = min(len(self), row + ahead)
            self._ahead, self._expected = ahead, last
            return self._records.of(range(row, last))[0]
        return self._records.of([row])[0]

    def _read_records(self, rows: Sequence[int]) -> dict[int, Record]:
        return self._servers.ask(
            lambda connection: read_records(
                connection, self._collection, self._segment, rows, self._header.dimensions
            ),
            self._collection,
            needs=self._segment,
        )


def _searching(sentences: int) -> dict[str, str]:
    """Settings with which the graph is searched for so many, among those of others."""
    return {
        **_SETTINGS,
        "enable_sort": "off",
        "hnsw.ef_search": str(min(_LONGEST_LIST, max(_SHORTEST_LIST, sentences))),
        "hnsw.iterative_scan": "relaxed_order",
        "hnsw.max_scan_tuples": str(_SCANNED_FOR_EACH * sentences),
    }


def _best(found: Candidates, limit: int) -> NDArray[np.int64]:
    """The places of those that are among the best ``limit`` of either side, in rising order."""
    dense = np.argsort(-found.dense, kind="stable")[:limit]
    lexical = np.argsort(-found.lexical, kind="stable")[:limit]
    return np.unique(np.concatenate([dense, lexical[found.lexical[lexical] > 0]]))
