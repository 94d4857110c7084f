"""A sentence-transformers model, run by ONNX Runtime wherever that gives the same vectors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from retrieval.encoders import Encoding, Progress
from retrieval.encoders.onnx_encoder import OnnxEncoder
from retrieval.encoders.preparing import CannotPrepare, Preparation
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder

log = logging.getLogger(__name__)


class PreparedEncoder:
    """Encodes as ``original`` does, in a third of its time and without its libraries.

    The model is exported once, by another process, and loaded at the first encoding, or by
    ``load``. Where it cannot be exported, the original serves, and ``runtime`` says why.

    Args:
        folder: Where exports are kept.
        announce: Called with a line of text when somebody has to wait for the export.
    """

    def __init__(
        self,
        original: SentenceTransformerEncoder,
        folder: Path,
        announce: Callable[[str], None] | None = None,
    ) -> None:
        self._original = original
        self._folder = folder
        self._announce = announce
        self._loading = threading.Lock()
        self._chosen: OnnxEncoder | SentenceTransformerEncoder | None = None
        self._why = ""

    @property
    def name(self) -> str:
        return self._original.name

    @property
    def runtime(self) -> str:
        if self._chosen is None:
            return ""
        return self._chosen.runtime + (f" ({self._why})" if self._why else "")

    def load(self) -> OnnxEncoder | SentenceTransformerEncoder:
        """What encodes.

        Raises:
            ModelError: The model cannot be found or read.
        """
        with self._loading:
            if self._chosen is None:
                self._chosen = self._choose()
            return self._chosen

    @property
    def dimensions(self) -> int:
        return self.load().dimensions

    def is_word(self, word: str) -> bool:
        return self.load().is_word(word)

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        return self.load().encode_sentences(texts, progress)

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        return self.load().encode_stream(texts)

    def encode_question(self, text: str, context: str = "") -> Encoding:
        return self.load().encode_question(text, context)

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        return self.load().encode_questions(asked)

    def _choose(self) -> OnnxEncoder | SentenceTransformerEncoder:
        original = self._original
        try:
            return Preparation(
                original.model, original.name, self._folder, self._announce
            ).encoder()
        except CannotPrepare as error:
            # Said before it is tried, as loading the original may fail as well.
            log.warning("The model %s runs in sentence-transformers: %s", original.model, error)
            original.load()
            self._why = str(error)
            return original
