"""An index of which only some passages are looked at, by whoever may see all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Floats
from retrieval.engines import Candidates, Engine, WordStatistics
from retrieval.engines.forwarding import ForwardingEngine


class Selection(ForwardingEngine):
    """Some rows of an engine. Only what is found differs: rows and scores are the engine's own.

    How rare a word is, and what an ordinary score is, is so taken from all passages: among those
    of one article nearly every word of its topic would be common. It is no fence between
    strangers, since those numbers tell of the passages that are not selected.

    Args:
        engine: Has the passages, and those that are not selected.
        rows: At least one, shape ``(r,)``.

    Raises:
        ValueError: There is no row.
    """

    def __init__(self, engine: Engine, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            raise ValueError("there is nothing to select")
        super().__init__(engine)
        self._rows = np.unique(rows)

    def candidates(
        self,
        vector: Floats,
        words: Sequence[str],
        limit: int,
        statistics: WordStatistics | None = None,
    ) -> Candidates:
        return self._engine.scores(vector, words, self._rows, statistics).best(limit)
