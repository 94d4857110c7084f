"""The index over a question set's articles, with any one of them taken out."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from retrieval.corpus import generation as generations
from retrieval.corpus.encoding import encoded_passages
from retrieval.corpus.generation import Generation
from retrieval.database import EncodingStore, SQLiteDatabase
from retrieval.encoders import Encoder, Progress
from retrieval.encoders.kept import form_of
from retrieval.engines import IndexedPassage
from retrieval.evaluation.squad import QuestionSet
from retrieval.preparation import prepare


class EvaluationIndex:
    """Encodes each passage once and keeps its vectors, so that a second run starts at once.

    Args:
        folder: Where the encodings are kept, of all question sets and models.

    Raises:
        StorageError: They cannot be kept.
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
        with closing(SQLiteDatabase(folder)) as database:
            encoded = encoded_passages(
                [prepare(article) for article in self._articles.values()],
                encoder,
                EncodingStore(database, form_of(encoder)),
                progress,
            )
            indexed = list(encoded)
        self._passages: dict[str, list[IndexedPassage]] = {}
        for item in indexed:
            self._passages.setdefault(item.passage.article, []).append(item)
        self.whole = generations.assemble(self._articles, indexed, self._model, encoded.encoded)

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
