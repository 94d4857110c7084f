"""Text into vectors: one for the whole text and one for each token, from one forward pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Progress = Callable[[int, int], None]
"""Called with ``(done, total)`` while long work goes on."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One text as a model sees it.

    Attributes:
        vector: Shape ``(d,)``, unit length.
        tokens: Shape ``(t, d)``, each row unit length: the tokens in context, without the model's
            own markers such as ``[CLS]``.
        token_ids: Shape ``(t,)``: which entry of the vocabulary each token is.
        token_spans: Shape ``(t, 2)``: ``[start, end)`` of each token in the text, in code points.
    """

    vector: Floats
    tokens: Floats
    token_ids: Integers
    token_spans: Integers


class Encoder(Protocol):
    """A model that turns texts into vectors. Safe to call from several threads."""

    @property
    def name(self) -> str:
        """The model and its version: vectors are comparable only under the same name."""
        ...

    @property
    def dimension(self) -> int:
        """``d``: the length of a vector."""
        ...

    def encode_passages(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        """The encodings of texts that are searched. A text of any length is encoded whole."""
        ...

    def encode_question(self, text: str) -> Encoding:
        """The encoding of what is searched for."""
        ...
