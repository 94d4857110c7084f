"""How near sentences are to a question, by their vectors.

Up to ``EXACT_UP_TO`` sentences every cosine is computed. Above that FAISS looks in the clusters
that are nearest to the question, at one bit a dimension (IVF with RaBitQ: Gao and Long 2024), and
the cosines of what it finds are computed from the vectors themselves, which stay on the disk.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats, Halves
from retrieval.engines.embedded.columns import Lines, gathered
from retrieval.engines.embedded.lexical import mean_and_deviation, starts_of
from retrieval.errors import DamagedError
from retrieval.halves import to_single

EXACT_UP_TO: Final = 24_000
"""Sentences, about 5,000 passages: to compare all of them takes a millisecond."""
SENTENCES_EACH: Final = 4
"""Nearest sentences asked for each passage wanted: several may be of one passage."""
_REFINED: Final = 8
"""How many times as many are compared exactly, since one bit a dimension orders them roughly."""
_CLUSTER: Final = 1000
"""Sentences in a cluster, on average, up to ``_MOST_CLUSTERS`` of them."""
_MOST_CLUSTERS: Final = 2048
_LOOKED_INTO: Final = 250_000
"""Sentences in the clusters that are looked into, about: that takes two or three milliseconds."""
_LEAST_LOOKED_INTO: Final = 1 / 16
_MOST_LOOKED_INTO: Final = 1 / 4
"""Of the clusters, whatever ``_LOOKED_INTO`` says, but ``_FEWEST_LOOKED_INTO`` at least: among few
the nearest sentences lie in nearly as many as among many."""
_FEWEST_LOOKED_INTO: Final = 16
_FURTHER: Final = 4
"""How many times as far is looked where what was found is not left."""
_TRAINED_ON: Final = 64
"""Sentences for each cluster from which its middle is found; the rest change it little."""
_AT_ONCE: Final = 50_000
SAMPLED: Final = 1024
"""Passages, spread evenly, from which mean and deviation of a large index are taken."""
DEVIATION_FLOOR: Final = 1e-6


class DenseIndex:
    """The vectors of the sentences of passages. Safe to share by threads.

    Args:
        vectors: Shape ``(s, d)``, unit length.
        starts: Shape ``(n + 1,)``: where each passage's sentences begin, each with at least one.
        clusters: What ``clustered`` has made of the vectors; all are compared where not given.
        checks: As ``checks_of`` gives them: each passage's vectors are compared with its own when
            they are read. Where not given, they are known to be whole.

    Raises:
        DamagedError: What is stored of a passage is not what was written.
    """

    def __init__(
        self,
        vectors: Lines,
        starts: NDArray[np.int64],
        clusters: faiss.IndexIVF | None,
        checks: NDArray[np.uint32] | None = None,
    ) -> None:
        self._vectors = vectors
        self._starts = starts
        self._clusters = clusters
        self._checks = checks
        if clusters is None:
            is_whole = checks is None
            everything = np.arange(len(self))
            self._single = to_single(vectors[:]) if is_whole else self._gathered(everything)[0]
            self._single.flags.writeable = False
        else:
            step = -(-len(self) // SAMPLED)
            self._sample = self._gathered(np.arange(0, len(self), step))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def of(self, row: int) -> Floats:
        """The vectors of a passage's sentences, shape ``(s, d)``."""
        if self._clusters is None:
            return self._single[self._starts[row] : self._starts[row + 1]]
        return self._gathered(np.array([row]))[0]

    def scores(self, query: Floats) -> DenseScores:
        """How near each passage is to ``query``, of shape ``(d,)`` and unit length."""
        return DenseScores(self, query)

    def all_cosines(self, query: Floats) -> Floats | None:
        """The highest cosine of a sentence in each passage; ``None`` where they are too many."""
        return (
            best_cosines(self._single, self._starts[:-1], query) if self._clusters is None else None
        )

    def cosines(self, query: Floats, rows: NDArray[np.int64]) -> Floats:
        """The highest cosine of a sentence in each of some passages, shape ``(r,)``."""
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        return best_cosines(*self._gathered(rows), query)

    def sampled_cosines(self, query: Floats) -> Floats:
        """The same of passages that are spread evenly over a large index."""
        return best_cosines(*self._sample, query)

    def near(
        self, query: Floats, limit: int, left: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """The rows of rather more than ``limit`` passages, among them most of the nearest.

        Args:
            left: Which passages may be found; all where not given.
        """
        if self._clusters is None:
            return np.arange(len(self)) if left is None else np.flatnonzero(left)
        wanted, looked_into = _REFINED * limit, self._clusters.nprobe
        while True:
            found = self._nearest(self._clusters, query, SENTENCES_EACH * wanted, looked_into)
            rows: NDArray[np.int64] = found if left is None else found[left[found]]
            is_all = SENTENCES_EACH * wanted >= len(self._vectors)
            is_all = is_all and looked_into >= self._clusters.nlist
            if len(rows) == len(found) or len(rows) >= _REFINED * limit or is_all:
                return rows[: _REFINED * limit]
            # What is gone may have had all that is nearest, page after page, cluster after cluster.
            wanted, looked_into = _FURTHER * wanted, _FURTHER * looked_into

    def _nearest(
        self, clusters: faiss.IndexIVF, query: Floats, sentences: int, looked_into: int
    ) -> NDArray[np.int64]:
        """The rows of the passages that have the nearest sentences, in the order of the best."""
        # For this thread: two of them on one query wait for each other longer than they help.
        faiss.omp_set_num_threads(1)
        wanted = min(sentences, len(self._vectors))
        asked: Any = faiss.SearchParametersIVF
        params = asked(nprobe=min(looked_into, clusters.nlist))
        near = clusters.search(query.reshape(1, -1), wanted, params=params)[1][0]
        owners = np.searchsorted(self._starts, near[near >= 0], side="right") - 1
        # A passage is as near as its best sentence, which stands before its others.
        rows: NDArray[np.int64] = owners[np.sort(np.unique(owners, return_index=True)[1])]
        return rows

    def _gathered(self, rows: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """The sentence vectors of some passages, and where each passage's begin in them."""
        begin, end = self._starts[rows], self._starts[rows + 1]
        places = list(map(slice, begin.tolist(), end.tolist()))
        parts = gathered(self._vectors, places)
        if self._checks is not None:
            for row, part in zip(rows.tolist(), parts, strict=True):
                if zlib.crc32(part.data) != self._checks[row]:
                    raise DamagedError(f"the vectors of passage {row} were changed")
        return to_single(np.concatenate(parts)), starts_of(end - begin)[:-1]


class DenseScores:
    """The highest cosine of a sentence in each passage to one question."""

    def __init__(self, index: DenseIndex, query: Floats) -> None:
        self._index = index
        self._query = np.ascontiguousarray(query, dtype=np.float32)
        self._all = index.all_cosines(self._query)
        self._near: tuple[NDArray[np.int64], Floats] | None = None

    def best(self, limit: int, left: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """The rows of the ``limit`` nearest passages, in no order.

        Args:
            left: Which passages may be found; all where not given.
        """
        size = len(self._index)
        if self._all is None and limit < size:
            rows = np.sort(self._index.near(self._query, limit, left))
            cosines = self.of(rows)
            self._near = rows, cosines
        else:
            rows = np.arange(size) if left is None else np.flatnonzero(left)
            cosines = self.of(rows)
        return rows if len(rows) <= limit else rows[np.argpartition(-cosines, limit - 1)[:limit]]

    def of(self, rows: NDArray[np.int64]) -> Floats:
        """The cosines of some passages, shape ``(r,)``."""
        if self._all is not None:
            found: Floats = self._all[rows]
            return found
        if self._near is None or not len(self._near[0]):
            return self._index.cosines(self._query, rows)
        # What ``best`` has read need not be read again.
        near, cosines = self._near
        places = np.minimum(np.searchsorted(near, rows), len(near) - 1)
        found = cosines[places]
        others = near[places] != rows
        found[others] = self._index.cosines(self._query, rows[others])
        return found

    def mean_and_deviation(self) -> tuple[float, float]:
        """Over all passages, or an even sample of many."""
        values = self._all if self._all is not None else self._index.sampled_cosines(self._query)
        mean, deviation = mean_and_deviation(values)
        return mean, max(deviation, DEVIATION_FLOOR)


def checks_of(vectors: Sequence[Halves]) -> NDArray[np.uint32]:
    """What tells the vectors of each of some passages from changed ones: their CRC-32."""
    found = [zlib.crc32(np.ascontiguousarray(each).data) for each in vectors]
    return np.array(found, dtype=np.uint32)


def clustered(vectors: Lines) -> faiss.IndexIVF | None:
    """The index that finds the nearest of many vectors; ``None`` for few, which need none."""
    count, dimensions = vectors.shape
    if count <= EXACT_UP_TO:
        return None
    clusters = min(_MOST_CLUSTERS, max(16, count // _CLUSTER))
    middles = faiss.IndexFlatIP(dimensions)
    index = faiss.IndexIVFRaBitQFastScan(middles, dimensions, clusters, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = 8
    index.cp.seed = 1
    step = max(1, count // (clusters * _TRAINED_ON))
    index.train(to_single(vectors[::step]))
    for start in range(0, count, _AT_ONCE):
        index.add(to_single(vectors[start : start + _AT_ONCE]))
    share = min(_MOST_LOOKED_INTO, max(_LEAST_LOOKED_INTO, _LOOKED_INTO / count))
    index.nprobe = max(_FEWEST_LOOKED_INTO, int(clusters * share))
    return index


def save_clusters(index: faiss.IndexIVF, path: Path) -> None:
    """Write what ``clustered`` has made.

    Raises:
        RuntimeError: FAISS's own, where the file cannot be written.
    """
    faiss.write_index(index, str(path))


def open_clusters(path: Path) -> Any:
    """What ``save_clusters`` has written.

    Raises:
        RuntimeError: FAISS's own, where it is no such file.
    """
    return faiss.read_index(str(path))


def best_cosines(vectors: Floats, starts: NDArray[np.int64], query: Floats) -> Floats:
    """The highest cosine to ``query`` in each group of vectors, shape ``(g,)``.

    Args:
        vectors: Shape ``(s, d)``.
        starts: Where each group begins in them, shape ``(g,)``.
    """
    cosines = np.empty(len(vectors), dtype=np.float32)
    # On one thread, as numpy's product is not: it divides what is too little to divide.
    faiss.fvec_inner_products_ny(  # type: ignore[attr-defined]  # its stubs do not have it
        faiss.swig_ptr(cosines),
        faiss.swig_ptr(query),
        faiss.swig_ptr(vectors),
        vectors.shape[1],
        len(vectors),
    )
    best: Floats = np.maximum.reduceat(cosines, starts)
    return best
