"""Which articles say nearly the same: a report and its update, a page and its printed version.

Each article is sketched by MinHash (Broder, "On the resemblance and containment of documents",
1997): of its shingles, which are all runs of three words, the smallest value of each of 256 hash
functions is kept. Two articles agree in a value with the probability that a shingle of either is
one of both (Jaccard's similarity), so the share of values in which they agree estimates it, with a
standard error of 0.02 at 0.9. Of each value 16 bits are kept (Li and König, "b-Bit Minwise
Hashing", 2010), in which strangers agree once in 65,536 times.

The hashes are fixed: signatures are stored, and compared with those of other days and machines.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    _Hashes = NDArray[np.uint64]
    _Values = NDArray[np.uint16]

SIMILAR: Final = 0.9
"""From here on two articles count as duplicates.

Of 145 articles from Wikipedia and medical journals no two come to 0.05. An article of 500 to 7000
words with another head and foot line keeps 0.95, with one paragraph more or less 0.9 (0.99 if it is
long), with one word in fifty changed 0.89, with one in twenty 0.76, and its first half has 0.5."""

_VALUES: Final = 256
_SHINGLE_WORDS: Final = 3
_BAND_VALUES: Final = 8
"""Articles are compared where they agree in all the values of one of 32 bands: those of similarity
.9 are missed once in 60 million times, those of .3 compared twice in a thousand."""

_COMPARED: Final = 16
"""In each band a new article is compared with so many at most: in a crowd of versions of one text
it finds one of the nearest, not always the nearest."""

_HASHED_AT_ONCE: Final = 8192
_SEED: Final = 0x9E3779B97F4A7C15
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD: Final = re.compile(rf"[{_UNSPACED}\U00020000-\U0003ffff]|[^\W{_UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """``article`` says nearly what ``of`` says. ``similarity`` is estimated, from 0 to 1."""

    article: str
    of: str
    similarity: float


def signature(text: str) -> bytes:
    """The sketch of a text: 512 bytes, or none where there are no words.

    Case, punctuation and white space do not count. In scripts without spaces each character is a
    word.
    """
    import numpy as np

    shingles = _shingles(text)
    if not len(shingles):
        return b""
    multipliers, offsets = np.split(_mixed(np.arange(1, 2 * _VALUES + 1, dtype=np.uint64)), 2)
    multipliers |= np.uint64(1)
    smallest = np.full(_VALUES, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(shingles), _HASHED_AT_ONCE):
        part = shingles[start : start + _HASHED_AT_ONCE]
        # One function after the other, whose few values stay in the processor's cache.
        for number in range(_VALUES):
            value = (part * multipliers[number] + offsets[number]).min()
            smallest[number] = min(smallest[number], value)
    return (_mixed(smallest) >> np.uint64(48)).astype("<u2").tobytes()


def find_duplicates(new: Mapping[str, bytes], known: Mapping[str, bytes]) -> list[Duplicate]:
    """The articles of ``new`` that are nearly one of ``known``, or one before them in ``new``.

    Args:
        new: Signatures by article. Those without words are like no other.
        known: The same. An article that is in both is not compared with itself.

    Returns:
        At most one for each article, in their order: the most similar.
    """
    import numpy as np

    known = {article: sketch for article, sketch in known.items() if sketch and article not in new}
    new = {article: sketch for article, sketch in new.items() if sketch}
    if not new:
        return []
    names = [*known, *new]
    values = np.frombuffer(b"".join([*known.values(), *new.values()]), "<u2").reshape(-1, _VALUES)
    best = np.zeros(len(new))
    of = np.zeros(len(new), dtype=np.int64)
    for one, others in _candidates(values, len(known)):
        similarity = np.count_nonzero(values[one + len(known)] == values[others], axis=1) / _VALUES
        nearest = int(similarity.argmax())
        best[one], of[one] = similarity[nearest], others[nearest]
    return [
        Duplicate(article, names[of[number]], float(best[number]))
        for number, article in enumerate(new)
        if best[number] >= SIMILAR
    ]


def _candidates(values: _Values, known: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """For each new article, the rows of ``values`` to compare it with: known ones and new before.

    Args:
        values: Shape (known and then new articles, values).
        known: How many of the rows are known ones.
    """
    import numpy as np

    pairs: list[NDArray[np.int64]] = []
    for band in _bands(values):
        wanted = np.sort(band[known:])
        places = np.minimum(np.searchsorted(wanted, band), len(wanted) - 1)
        rows = np.flatnonzero(wanted[places] == band)
        # Rows stay in their order where they are equal, so that those before come first.
        rows = rows[np.argsort(band[rows], kind="stable")]
        ones = rows[rows >= known]
        first = np.searchsorted(band[rows], band[ones])
        for step in range(_COMPARED):
            at = first + step
            is_one = at < len(rows)
            others = rows[np.minimum(at, len(rows) - 1)]
            is_one &= (band[others] == band[ones]) & (others < ones)
            if not is_one.any():
                break
            pairs.append(np.stack([ones[is_one], others[is_one]], axis=1))
    if not pairs:
        return
    found = np.unique(np.concatenate(pairs), axis=0)
    ones, starts = np.unique(found[:, 0], return_index=True)
    for one, others in zip(ones, np.split(found[:, 1], starts[1:]), strict=True):
        yield int(one) - known, others


def _bands(values: _Values) -> Iterator[_Hashes]:
    """Each band of all signatures, eight values as one number: equal where all of them are."""
    import numpy as np

    halves = np.ascontiguousarray(values).view("<u8").astype(np.uint64)
    for start in range(0, halves.shape[1], _BAND_VALUES // 4):
        yield _mixed(halves[:, start]) + halves[:, start + 1]


def _shingles(text: str) -> _Hashes:
    """The hashes of a text's shingles, each once, in rising order.

    Before the first word and after the last stand two that are none, so that every word is in
    three shingles and a change costs the same wherever it is.
    """
    import numpy as np

    numbers: dict[str, int] = {}
    order = [numbers.setdefault(word, len(numbers)) for word in _WORD.findall(text.casefold())]
    if not order:
        return np.empty(0, dtype=np.uint64)
    edges = _SHINGLE_WORDS - 1
    hashes = np.frombuffer(b"".join(map(_hash, numbers)), "<u8").astype(np.uint64)
    words = np.pad(hashes[order], edges)
    shingles = words[edges:]
    for before in reversed(range(edges)):
        shingles = _mixed(shingles) + words[before : before - edges]
    return np.unique(_mixed(shingles))


def _hash(word: str) -> bytes:
    return hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _mixed(numbers: _Hashes) -> _Hashes:
    """Numbers so scattered that each bit depends on all: the finaliser of SplitMix64."""
    import numpy as np

    numbers = numbers + np.uint64(_SEED)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
