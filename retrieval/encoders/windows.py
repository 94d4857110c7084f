"""A text as the model's tokenizer sees it: in windows, and from these to one encoding again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from retrieval.encoders import Encoding, Floats, Integers, Tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_OVERLAP: Final = 32
"""Tokens that two windows of a long text share, so that none is read without its neighbours."""


@dataclass(frozen=True, slots=True)
class Window:
    """So much of a text as the model reads at once, all of it where the text is short.

    Attributes:
        ids: Shape ``(n,)``: its tokens with the markers around them.
        spans: Shape ``(n, 2)``: ``[start, end)`` of each in what was tokenized, in code points.
        real: Shape ``(n,)``: which of them are tokens of the text, and no markers.
    """

    ids: Integers
    spans: Integers
    real: NDArray[np.bool_]


class Windows:
    """Cuts texts into windows, as transformers does with the same tokenizer.

    Args:
        file: ``tokenizer.json`` of the model.
        length: Tokens of a window, markers included.
    """

    def __init__(self, file: Path, length: int) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(length, stride=overlap(length))

    def of(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text, at least one for each."""
        found = []
        for first in self._tokenizer.encode_batch(list(texts)):
            found.append(
                [
                    Window(
                        ids=np.array(window.ids, dtype=np.int32),
                        spans=np.array(window.offsets, dtype=np.int32).reshape(-1, 2),
                        real=np.array(window.special_tokens_mask, dtype=np.int8) == 0,
                    )
                    for window in (first, *first.overflowing)
                ]
            )
        return found

    def is_word(self, word: str) -> bool:
        """Whether the vocabulary has this word whole."""
        return len(self._tokenizer.encode(word, add_special_tokens=False).ids) == 1


def overlap(length: int) -> int:
    """How many tokens two windows of ``length`` tokens share."""
    return min(_OVERLAP, length // 4)


def joined(
    windows: Sequence[Window],
    vectors: Sequence[Floats],
    states: Sequence[Floats],
    skipped: int = 0,
) -> Encoding:
    """The encoding of a text from what the model makes of its windows.

    Its vector is the mean of theirs, weighted by length, and its tokens are all of theirs.

    Args:
        vectors: That of each window, shape ``(d,)``.
        states: Those of each window's tokens, shape ``(n, d)``, at unit length.
        skipped: Code points before the text that were tokenized with it, such as a prompt.
    """
    vector = np.zeros_like(vectors[0])
    kept: list[NDArray[np.bool_]] = []
    end = skipped
    for window, pooled in zip(windows, vectors, strict=True):
        vector += pooled * max(1, int(window.real.sum()))
        # The first window that holds a token has its say; the next begins where that ended.
        keep = window.real & (window.spans[:, 0] >= end) & (window.spans[:, 1] > 0)
        kept.append(keep)
        if keep.any():
            end = int(window.spans[keep][-1, 1])
    picked = [state[keep] for state, keep in zip(states, kept, strict=True)]
    tokens = Tokens(
        vectors=np.concatenate(picked).astype(np.float16),
        ids=np.concatenate([w.ids[keep] for w, keep in zip(windows, kept, strict=True)]),
    )
    spans = np.concatenate([w.spans[keep] for w, keep in zip(windows, kept, strict=True)])
    return Encoding(unit(vector), tokens, spans - np.int32(skipped))


def unit(vectors: Floats) -> Floats:
    """Each row at unit length; a row of zeros stays as it is."""
    norms = np.sqrt(np.einsum("...d,...d->...", vectors, vectors))[..., np.newaxis]
    result: Floats = (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)
    return result
