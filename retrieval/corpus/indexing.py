"""From what a collection holds to the generation that is served, and back from the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from retrieval.articles import Article
from retrieval.corpus import generation as generations
from retrieval.corpus.generation import Generation
from retrieval.corpus.storage import DamagedError, Storage
from retrieval.database import CollectionStore, Database, EncodingStore
from retrieval.database.records import GenerationRecord, Inventory
from retrieval.encoders import Encoder, Progress
from retrieval.preparation import PreparedArticle


class Indexer:
    """Builds the generations of one collection, and keeps the index of the one that is served.

    Args:
        folder: Where indexes are kept, each in a folder named by its generation's digest.
    """

    def __init__(
        self,
        database: Database,
        store: CollectionStore,
        folder: Path,
        encoder: Encoder,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._encodings = EncodingStore(database, encoder.name)
        self._indexes = Storage(folder)
        self._encoder = encoder
        self._clock = clock
        self.encoded = 0
        """How many passages were encoded so far."""

    def digest(self, articles: Mapping[str, Article]) -> str:
        """What the generation of these articles is known by."""
        return generations.digest_of(articles.values(), self._encoder.name)

    def read(self, inventory: Inventory, record: GenerationRecord) -> Generation | None:
        """The generation with its stored index; ``None`` where there is no index.

        Raises:
            DamagedError: It is not whole, or not that of the articles.
        """
        articles = inventory.articles()
        if self.digest(articles) != record.digest:
            raise DamagedError("it was made by another version")
        stored = self._indexes.open(_name_of(record.digest))
        return generations.read(*stored, record, articles) if stored else None

    def prepared(self, inventory: Inventory) -> list[PreparedArticle]:
        """The articles that are to be served, with their passages."""
        stored = self._store.passages()
        prepared = []
        for held in inventory.served():
            passages = held.passages
            if passages is None:
                passages = stored.get(held.row, ()) if held.row is not None else ()
            prepared.append(PreparedArticle(held.article, passages, held.signature))
        return prepared

    def build(
        self,
        inventory: Inventory,
        prepared: Sequence[PreparedArticle],
        progress: Progress | None,
    ) -> Generation:
        """The generation of what is prepared, encoding only what never was.

        Raises:
            CorpusError: The finished index does not find its own words.
            StorageError: New encodings cannot be kept.
        """
        indexed, encoded = generations.index_passages(
            prepared, self._encoder, self._encodings, progress
        )
        self.encoded += encoded
        return generations.assemble(
            inventory.articles(), indexed, self._encoder.name, encoded, self._clock()
        )

    def keep(self, generation: Generation) -> None:
        """Write the index of a generation. Nobody opens it before its articles are kept too.

        Raises:
            StorageError: It cannot be written.
        """
        self._indexes.write(
            _name_of(generation.digest), lambda folder: generations.write(generation, folder)
        )

    def discard_all_but(self, generation: Generation | None) -> None:
        """Delete every other index. What cannot be deleted is deleted after the next change."""
        self._indexes.discard_all_but(_name_of(generation.digest) if generation else None)

    def forget_encodings(self, needed: Callable[[], set[str]], before: datetime) -> None:
        """Delete the encodings of passages that are in no article any more.

        Raises:
            StorageError: They cannot be deleted.
        """
        self._encodings.forget(needed, before=before)


def _name_of(digest: str) -> str:
    return digest[:32]
