"""The index over a question set's articles, with any one of them taken out."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from retrieval.corpus import generation as generations
from retrieval.corpus.generation import Generation
from retrieval.corpus.storage import DamagedError, Storage
from retrieval.encoders import Encoder, Progress
from retrieval.engines import IndexedPassage
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
        indexed, encoded = generations.index_passages(self._articles, encoder, stored, progress)
        self._passages: dict[str, list[IndexedPassage]] = {}
        for item in indexed:
            self._passages.setdefault(item.passage.article, []).append(item)
        self.whole = generations.assemble(self._articles, indexed, self._model, encoded)
        if encoded:
            with storage.lock():
                storage.write(lambda target: generations.write(self.whole, target))

    def without(self, article: str) -> Generation:
        """The generation over all articles but one."""
        return self.only(id_ for id_ in self._articles if id_ != article)

    def only(self, ids: Iterable[str]) -> Generation:
        """The generation over some of the articles."""
        chosen = set(ids)
        articles = {id_: text for id_, text in self._articles.items() if id_ in chosen}
        indexed = [item for id_ in articles for item in self.passages_of(id_)]
        return generations.assemble(articles, indexed, self._model, 0)

    def passages_of(self, article: str) -> list[IndexedPassage]:
        """The indexed passages of one article, in order."""
        return self._passages.get(article, [])

    def _stored(self, storage: Storage) -> Generation | None:
        try:
            current = storage.current()
            return generations.read(*current) if current else None
        except DamagedError as error:
            log.warning("Stored index not used: %s", error)
            return None
