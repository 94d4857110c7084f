"""The index over a question set's articles, with any one of them taken out."""

from __future__ import annotations

import logging
from pathlib import Path

from retrieval.corpus import generation as generations
from retrieval.corpus.generation import Generation
from retrieval.corpus.storage import DamagedError, Storage
from retrieval.encoders import Encoder, Progress
from retrieval.evaluation.squad import QuestionSet
from retrieval.readers import slug

log = logging.getLogger(__name__)


class EvaluationIndex:
    """Encodes the articles once and keeps their vectors, so that a second run starts at once.

    Args:
        folder: Where indexes of question sets are kept.
    """

    def __init__(
        self,
        questions: QuestionSet,
        encoder: Encoder,
        folder: Path,
        progress: Progress | None = None,
    ) -> None:
        self._articles = questions.articles
        self._model = encoder.name
        storage = Storage(folder / f"{slug(questions.name)}-{slug(self._model)}"[:120])
        stored = self._stored(storage)
        self._indexed, encoded = generations.index_passages(
            self._articles, encoder, stored, progress
        )
        self.whole = generations.assemble(self._articles, self._indexed, self._model, encoded)
        if encoded:
            with storage.lock():
                storage.write(lambda target: generations.write(self.whole, target))

    def without(self, article: str) -> Generation:
        """The generation over all articles but one."""
        rest = {id_: text for id_, text in self._articles.items() if id_ != article}
        kept = [item for item in self._indexed if item.passage.article != article]
        return generations.assemble(rest, kept, self._model, 0)

    def _stored(self, storage: Storage) -> Generation | None:
        try:
            current = storage.current()
            return generations.read(*current) if current else None
        except DamagedError as error:
            log.warning("Stored index not used: %s", error)
            return None
