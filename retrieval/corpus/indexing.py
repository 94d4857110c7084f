"""From what a collection holds to the generation that is served, and back from the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import cached_property

from retrieval.articles import Article
from retrieval.corpus import generation as generations
from retrieval.corpus.compaction import Size, made_anew
from retrieval.corpus.encoding import PassageEncoding, encoded_passages
from retrieval.corpus.generation import Generation, Part
from retrieval.corpus.segment import Segment
from retrieval.corpus.segments import SegmentStore
from retrieval.database import CollectionStore, Database, EncodingStore
from retrieval.database.records import GenerationRecord, Inventory
from retrieval.encoders import Encoder, Progress
from retrieval.encoders.kept import form_of
from retrieval.errors import DamagedError, StorageError
from retrieval.languages import language_of
from retrieval.phrases import phrase
from retrieval.preparation import PreparedArticle


class Indexer:
    """Builds the generations of one collection, and keeps the index of the one that is served.

    Args:
        segments: Where its indexes are kept.
    """

    def __init__(
        self,
        database: Database,
        store: CollectionStore,
        segments: SegmentStore,
        encoder: Encoder,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._database = database
        self._segments = segments
        self._encoder = encoder
        self._clock = clock
        self.encoded = 0
        """How many passages were encoded so far."""

    def digest(self, articles: Mapping[str, Article]) -> str:
        """What the generation of these articles is known by."""
        return generations.digest_of(articles.values(), self._encoder.name)

    def read(self, record: GenerationRecord, *, trusting: bool = True) -> Generation | None:
        """The generation with its stored index; ``None`` where there is no index.

        Args:
            trusting: Whether large files may be checked part by part, when they are read.

        Raises:
            DamagedError: It is not whole, or not that of the articles.
            StorageError: It cannot be read.
        """
        return self._segments.generation(record, trusting=trusting)

    def encoding(self) -> PassageEncoding:
        """What encodes passages before all are known that a generation will have.

        To be closed by whoever asks for it.
        """
        return PassageEncoding(self._encoder, lambda: self._encodings)

    def build(
        self,
        inventory: Inventory,
        serving: Generation | None,
        progress: Progress | None,
        check: Callable[[int], None] = lambda passages: None,
        begun: PassageEncoding | None = None,
    ) -> Generation:
        """The generation of what a collection holds, encoding only what never was.

        Its segments are kept, but nobody opens them before ``keep``.

        Args:
            serving: What is served now, whose segments are used again where that pays.
            check: Is told how many passages there will be, before anything more is encoded.
            begun: What ``encoding`` gave, where some passages are being encoded already.

        Raises:
            CorpusError: The finished index does not find its own words, or ``check`` raises it.
            StorageError: The index or new encodings cannot be kept.
        """
        articles = inventory.articles()
        digests = {id_: article.digest for id_, article in articles.items()}
        parts = serving.parts if serving is not None else ()
        # What could not be kept is in memory alone, and another process may have discarded what is
        # open here: what is to be kept must not name either.
        same = _unchanged([p for p in parts if self._segments.has(p.segment.name)], digests)
        known = {id_ for _, left, _ in same for id_ in left}
        fresh = self._prepared(inventory, set(digests) - known)
        check(sum(size.left for _, _, size in same) + _passages(fresh))
        anew = made_anew([size for _, _, size in same], _passages(fresh))
        kept = [
            Part(part.segment, frozenset(part.segment.articles) - left)
            for number, (part, left, _) in enumerate(same)
            if number not in anew and left
        ]
        again = {id_ for number in anew for id_ in same[number][1]}
        order = {id_: number for number, id_ in enumerate(digests)}
        remade = [*fresh, *self._prepared(inventory, again)]
        remade.sort(key=lambda one: order[one.article.id])
        encoded = 0
        if _passages(remade):
            others = [part.segment for part in kept]
            segment, encoded = self._make(remade, others, progress, begun or self.encoding())
            kept.append(Part(segment))
        if not kept:
            raise generations.nothing_to_index()
        self.encoded += encoded
        digest = generations.digest_of(articles.values(), self._encoder.name)
        return Generation(digest, self._clock(), self._encoder.name, kept, encoded)

    def build_in_memory(self, inventory: Inventory, progress: Progress | None) -> Generation:
        """The same where nothing can be written.

        Raises:
            CorpusError: As ``build``.
        """
        articles = inventory.articles()
        prepared = self._prepared(inventory, set(articles))
        indexed = encoded_passages(prepared, self._encoder, None, progress)
        built = generations.assemble(articles, list(indexed), self._encoder.name, indexed.encoded)
        self.encoded += built.encoded
        return built

    def keep(self, generation: Generation) -> None:
        """Write which segments a generation has.

        Nobody opens it before its articles are kept too.

        Raises:
            StorageError: It cannot be written.
        """
        self._segments.keep(generation)

    def discard_all_but(self, generation: Generation | None) -> None:
        """Delete every other index. What cannot be deleted is deleted after the next change."""
        self._segments.discard_all_but(generation)

    def forget_encodings(self, needed: Callable[[], set[str]], before: datetime) -> None:
        """Delete the encodings of passages that are in no article any more.

        Raises:
            StorageError: They cannot be deleted.
        """
        self._encodings.forget(needed, before=before)

    @cached_property
    def _encodings(self) -> EncodingStore:
        # The model is loaded for this, which a start with a whole index has no need of.
        return EncodingStore(self._database, form_of(self._encoder))

    def _prepared(self, inventory: Inventory, wanted: set[str]) -> list[PreparedArticle]:
        """Some of the articles that are to be served, with their passages."""
        held = [held for held in inventory.served() if held.article.id in wanted]
        stored = self._store.passages(
            [one.row for one in held if one.passages is None and one.row is not None]
        )
        prepared = []
        for one in held:
            passages = one.passages
            if passages is None:
                passages = stored.get(one.row, ()) if one.row is not None else ()
            prepared.append(PreparedArticle(one.article, passages, one.signature))
        return prepared

    def _make(
        self,
        prepared: Sequence[PreparedArticle],
        others: Iterable[Segment],
        progress: Progress | None,
        encoding: PassageEncoding,
    ) -> tuple[Segment, int]:
        """A segment of what is prepared, and how many passages were encoded for it."""
        model, store = self._encoder.name, self._encodings
        with closing(encoding):
            # What follows is found out while they are encoded.
            encoding.add(prepared)
            average = _average_length(prepared, others)
            articles = [(one.article, language_of(one.article.text)) for one in prepared]
            form = form_of(self._encoder)
            passages = encoded_passages(prepared, self._encoder, store, progress, encoding)
        name = _segment_name(form, [article for article, _ in articles], average)
        self._segments.write(name, model, form, articles, passages, average)
        try:
            segment = self._segments.open(name)
        except DamagedError as error:
            raise StorageError(
                phrase("The new index could not be read back, so it is not used."),
                why=phrase(
                    "The disk gave back something else than was written: {error}.", error=error
                ),
                remedy=phrase("Reload again; if it happens twice, the disk may be failing."),
            ) from error
        segment.check()
        return segment, passages.encoded


def _unchanged(
    parts: Iterable[Part], digests: Mapping[str, str]
) -> list[tuple[Part, frozenset[str], Size]]:
    """For each part the ids of its articles that stay as they are, and how much that is of it."""
    found = []
    for part in parts:
        stored = part.segment.articles
        left = frozenset(id_ for id_ in part.ids() if digests.get(id_) == stored.digest(id_))
        engine = part.segment.engine
        found.append((part, left, Size(len(engine.rows_of(left)), len(engine))))
    return found


def _passages(prepared: Iterable[PreparedArticle]) -> int:
    return sum(len(one.passages) for one in prepared)


def _average_length(prepared: Sequence[PreparedArticle], others: Iterable[Segment]) -> float:
    """How many words the passages of a collection have on average."""
    engines = [segment.engine for segment in others]
    fresh = sum(len(passage.words) for one in prepared for passage in one.passages)
    there = sum(engine.average_length * len(engine) for engine in engines)
    return max(1.0, (fresh + there) / (_passages(prepared) + sum(map(len, engines))))


def _segment_name(form: str, articles: Iterable[Article], average: float) -> str:
    digest = generations.digest_of(articles, f"{form} {average!r}")
    return f"segment-{hashlib.sha256(digest.encode()).hexdigest()[:32]}"
