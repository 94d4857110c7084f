"""Text into vectors: one for a whole text, and one for each of its tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]
Integers = NDArray[np.int32]
Progress = Callable[[int, int], None]
"""Called with ``(done, total)`` while long work goes on."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one text in its own context, without markers such as ``[CLS]``.

    Attributes:
        vectors: Shape ``(t, d)``, each row unit length, in half precision.
        ids: Shape ``(t,)``: which entry of the vocabulary each token is.
    """

    vectors: Halves
    ids: Integers


@dataclass(frozen=True, slots=True)
class Encoding:
    """One text as a model sees it.

    Attributes:
        vector: Shape ``(d,)``, unit length.
        spans: Shape ``(t, 2)``: ``[start, end)`` of each token in the text, in code points. Fresh
            from an encoder; an index does not keep it.
    """

    vector: Floats
    tokens: Tokens
    spans: Integers = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int32))


class Encoder(Protocol):
    """A model that turns texts into vectors. Safe to call from several threads.

    A text of any length is encoded whole: one that is longer than the model's window in
    overlapping windows.
    """

    @property
    def name(self) -> str:
        """The model and its version: vectors are comparable only under the same name."""
        ...

    @property
    def runtime(self) -> str:
        """What runs the model, in words; empty while it is not loaded."""
        ...

    def load(self) -> object:
        """Have the model in memory, which otherwise the first encoding does.

        Raises:
            ModelError: It cannot be found or read.
        """
        ...

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has, of a text and of a token alike."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether the model's vocabulary has this word whole, as it has all common ones."""
        ...

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        """The encodings of sentences that are searched."""
        ...

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        """The same as they are made, each with the number of its text, from 0.

        They come nearly in the order of the texts: at most two thousand are awaited at a time, so
        that any number of texts takes little memory. To end it early, close the iterator.
        """
        ...

    def encode_question(self, text: str, context: str = "") -> Encoding:
        """Vector and tokens of what is searched for, from one forward pass.

        Args:
            context: What was said before. The vector is of both; the tokens are those of
                ``text`` alone, understood in the context.
        """
        ...

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        """The same for several at once, each a text and its context."""
        ...
