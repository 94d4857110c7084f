"""Questions that mean the same as one, so that what is asked often is seen to be."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.store import Asked
from retrieval.encoders import Encoder, Floats

_ALIKE: Final[Mapping[str, float]] = {"multilingual-e5-small": 0.75}
_USUALLY_ALIKE: Final = 0.65
"""Cosine from which two questions mean the same, by model.

Measured on 44 questions with 14 meanings, such as "When does the library open?" and "library
opening times" beside "When does the library close?". With all-MiniLM-L6-v2 at 0.65, 82 % of the
merged pairs mean the same, and 89 % of the pairs that do are merged; at 0.60 that is 68 % and
100 %, at 0.70 80 % and 80 %. With multilingual-e5-small at 0.75 it is 86 % and 42 %.
"""
_KEPT: Final = 2000
"""Questions whose vectors are remembered between two pages."""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that mean the same, the newest first.

    Attributes:
        typical: The one that is most like all the others.
    """

    questions: tuple[Asked, ...]
    typical: Asked

    @property
    def count(self) -> int:
        return len(self.questions)


class Merger:
    """Groups questions. Safe to share by threads.

    Vectors are kept by the questions' ids, never with their words.
    """

    def __init__(self) -> None:
        self._vectors: OrderedDict[tuple[str, int], Floats] = OrderedDict()
        self._keeping = threading.Lock()

    def merge(self, questions: Sequence[Asked], encoder: Encoder) -> list[Group]:
        """The groups, the largest first and of equal ones the latest; each question is in one.

        In a group any two are alike (complete linkage): with less, a chain of small steps would
        lead from one meaning to another. A question whose words are not kept stays by itself.
        """
        latest = sorted(questions, key=lambda asked: -asked.id)
        worded = [asked for asked in latest if asked.question]
        groups = [Group((asked,), asked) for asked in latest if not asked.question]
        if worded:
            vectors = self._encoded(worded, encoder)
            threshold = _ALIKE.get(encoder.name.partition("@")[0], _USUALLY_ALIKE)
            for members in _alike(vectors, threshold):
                closeness = (vectors[members] @ vectors[members].T).sum(axis=1)
                # To so many digits that the order of sums, which is the machine's, says nothing.
                typical = members[int(np.argmax(np.round(closeness, 4)))]
                groups.append(Group(tuple(worded[place] for place in members), worded[typical]))
        return sorted(groups, key=lambda group: (-group.count, -group.questions[0].id))

    def _encoded(self, questions: Sequence[Asked], encoder: Encoder) -> Floats:
        """The vectors of questions that have words, shape ``(n, d)``."""
        keys = [(encoder.name, asked.id) for asked in questions]
        with self._keeping:
            known = {key: self._vectors[key] for key in keys if key in self._vectors}
        missing = [place for place, key in enumerate(keys) if key not in known]
        if missing:
            made = encoder.encode_sentences([questions[place].question or "" for place in missing])
            for place, encoding in zip(missing, made, strict=True):
                known[keys[place]] = encoding.vector
        with self._keeping:
            for key in keys:
                self._vectors[key] = known[key]
                self._vectors.move_to_end(key)
            while len(self._vectors) > _KEPT:
                self._vectors.popitem(last=False)
        return np.stack([known[key] for key in keys])


def _alike(vectors: Floats, threshold: float) -> list[list[int]]:
    """The places of vectors by group, each in ascending order."""
    if len(vectors) == 1:
        return [[0]]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    # Rounded, so that equal questions are equally far from others on every machine.
    distances = np.round(1.0 - vectors.astype(np.float64) @ vectors.T.astype(np.float64), 6)
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(np.clip(distances, 0.0, 2.0), checks=False), "complete")
    found: dict[int, list[int]] = {}
    for place, label in enumerate(fcluster(tree, 1.0 - threshold, "distance")):
        found.setdefault(int(label), []).append(place)
    return list(found.values())
