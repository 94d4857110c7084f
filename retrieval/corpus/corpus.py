"""One collection: opened, asked, and replaced as one piece."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from retrieval.answers import Answer
from retrieval.articles import Article
from retrieval.conversation import Turn
from retrieval.corpus import edits
from retrieval.corpus.encoding import PassageEncoding
from retrieval.corpus.generation import Generation
from retrieval.corpus.indexing import Indexer
from retrieval.corpus.likeness import copies_noticed
from retrieval.corpus.means import Means
from retrieval.corpus.refusals import nothing_to_serve, too_full
from retrieval.corpus.report import Report, compare
from retrieval.corpus.sources import Addition, Configured, Upload
from retrieval.corpus.status import Status
from retrieval.corpus.stocktaking import Asked, Stock, Tools, add_to, take_stock
from retrieval.database import CollectionStore, passage_hashes
from retrieval.database.records import Entry, GenerationRecord, Inventory
from retrieval.encoders import Progress
from retrieval.errors import ArticleError, CorpusError, DamagedError, FootnoteError, StorageError
from retrieval.phrases import from_text, joined, phrase, phrases

log = logging.getLogger(__name__)

_FORGOTTEN_AFTER: Final = timedelta(days=1)
"""For so long the encodings of a passage are kept that is in no article any more."""


class Corpus:
    """Articles that are asked by many threads while one of them may change the articles.

    Args:
        name: Of the collection; every row in the database has it.
        sources: What the settings name. Never written to.
        is_bounded: Whether it may hold no more than the limits say, and be empty: a server's own.
    """

    def __init__(
        self,
        name: str,
        sources: Sequence[Configured],
        means: Means,
        *,
        is_bounded: bool = False,
    ) -> None:
        self.name = name
        self._sources = tuple(sources)
        self._is_bounded = is_bounded
        self._means = means
        self._encoder = means.answerer.encoder
        self._originals = means.backend.originals(name)
        self._store = CollectionStore(means.database, name)
        self._indexer = Indexer(
            means.database,
            self._store,
            means.backend.segments(name),
            self._encoder,
            means.clock,
        )
        self._tools = Tools(
            sandbox=means.sandbox,
            fetcher=means.fetcher,
            originals=self._originals,
            limits=means.limits,
            interval=means.interval,
            clock=means.clock,
        )
        self._generation: Generation | None = None
        self._kept: str | None = None
        """The digest that was kept of what is served: another than its own where the index was
        made again by a version that makes another one of the same articles."""
        self._changing = threading.Lock()
        self._failures: tuple[str, ...] = ()

    @property
    def generation(self) -> Generation | None:
        """What is served now; ``None`` where nothing is, or it is not open yet."""
        return self._generation

    @property
    def digest(self) -> str | None:
        """What the generation that is served is known by."""
        serving = self._generation
        return serving.digest if serving is not None else None

    @property
    def is_changing(self) -> bool:
        """Whether a thread of this process is changing the articles."""
        return self._changing.locked()

    @property
    def articles(self) -> dict[str, Article]:
        """The articles that are served, by id."""
        return dict(self._serving().articles)

    def open(self, progress: Progress | None = None) -> Report:
        """Serve what is kept, brought up to date with the files that the settings name.

        Nothing is encoded while articles and model are the same as before, and no page or feed is
        fetched that was read before.

        Raises:
            CorpusError: There are no articles, and none were kept before.
        """
        notices = self.restore(progress)
        try:
            return self.reload(progress, notices=notices, asked=Asked.NEW)
        except (CorpusError, StorageError) as error:
            if self._generation is None:
                raise
            # What was served before is better than nothing, and the error says what to mend.
            log.warning("The articles cannot be read again: %s", error)
            notice = joined((phrase("The articles are served as they were read last."), str(error)))
            return Report(changes=(), encoded=0, seconds=0.0, notices=(*notices, notice))

    def restore(
        self, progress: Progress | None = None, *, trusting: bool = True
    ) -> tuple[str, ...]:
        """Serve what is kept as it is, if anything is; returns what to tell of it.

        An index that is damaged or missing is made again from the database.

        Args:
            trusting: Whether large files may be checked part by part, when they are read.
        """
        while True:
            record = self._store.generation()
            notices: tuple[str, ...] = ()
            found = None
            if record is not None and record.model == self._encoder.name:
                try:
                    found = self._indexer.read(record, trusting=trusting)
                    if found is None:
                        notices = (phrase("The stored index was missing, so it is built again."),)
                except DamagedError as error:
                    # Another process may have put the next one in its place.
                    if self._store.generation() != record:
                        continue
                    log.warning("Stored index not used: %s", error)
                    notices = (
                        phrase(
                            "The stored index was damaged ({reason}), so it is built again.",
                            reason=error,
                        ),
                    )
                if found is None:
                    found, unkept = self._rebuilt(self._store.load(), progress)
                    notices = (*notices, *unkept)
            if found is not None:
                found.warm()
            if self._store.generation() != record:
                continue  # A change that was quicker must not be undone.
            self._serve(found, record)
            return (*self._means.database.take_notices(), *notices)

    def mend(self, damaged: Generation) -> None:
        """Make the index anew where it turned out to be damaged while it was read.

        Args:
            damaged: What was served then; nothing is done where it is another by now.

        Raises:
            CorpusError: It cannot be made.
        """
        with self._changing:
            if self._generation is damaged:
                for notice in self.restore(trusting=False):
                    log.warning("Collection %s: %s", self.name, notice)

    def refresh(self) -> bool:
        """Serve what another process has changed; says whether there was anything."""
        return self._catch_up() is not None

    def reload(
        self,
        progress: Progress | None = None,
        *,
        notices: Sequence[str] = (),
        asked: Asked = Asked.ALL,
    ) -> Report:
        """Read the sources again and serve what they hold, all at once or not at all.

        Questions are answered from the old articles until the new ones are ready. An article
        whose source has become unreadable is served as it was read last.

        Args:
            asked: Which pages and feeds are asked for news.

        Raises:
            CorpusError: A source is missing, or no article is left; the old ones still serve.
            StorageError: Another process is changing the articles, or nothing can be kept.
        """
        return self._change(lambda stock: stock, progress, asked=asked, notices=notices)

    def is_outdated(self) -> bool:
        """Whether what is kept was built with another model, or by another version."""
        record, serving = self._store.generation(), self._generation
        return record is not None and (serving is None or serving.digest != record.digest)

    def catalogue(self) -> Stock:
        """What the sources hold now, which may be ahead of what is served; nothing is kept.

        Pages and feeds are not asked for news.

        Raises:
            CorpusError: A source is missing or cannot be listed.
        """
        return take_stock(self._store.load(), self._sources, self._tools, Asked.NEW)

    def add(self, addition: Addition, progress: Progress | None = None) -> Report:
        """Keep a copy of what somebody adds, and serve it.

        Raises:
            ArticleError: Nothing in it can be read, or it is here already; nothing was changed.
            CorpusError: The collection is full; nothing was changed.
            StorageError: It cannot be kept; nothing was changed.
        """
        return self._change(lambda stock: self._with(stock, addition), progress)

    def add_all(
        self, additions: Iterable[Addition | ArticleError], progress: Progress | None = None
    ) -> Report:
        """Keep copies of all that somebody adds, and serve them, as one change.

        What cannot be read is reported as failed, and so are the errors among the additions: the
        others are added all the same.

        Args:
            additions: Asked for one by one, so that no more than one file need be in memory.

        Raises:
            CorpusError: The collection would be too full; nothing was changed.
            StorageError: It cannot be kept; nothing was changed.
        """

        def edit(stock: Stock) -> Stock:
            for addition in additions:
                try:
                    if isinstance(addition, ArticleError):
                        raise addition
                    stock = self._with(stock, addition)
                except ArticleError as error:
                    stock = replace(stock, failures=_and(stock.failures, error))
            return stock

        return self._change(edit, progress)

    def remove(self, what: str, progress: Progress | None = None) -> Report:
        """Stop serving an article, or all that came from an address; for a day it can be undone.

        A file that the settings name is left alone.

        Raises:
            CorpusError: There is no such article, or it is the last one.
        """

        def edit(stock: Stock) -> Stock:
            left = edits.remove(stock.inventory, what, self._means.clock())
            if not self._is_bounded and not left.articles():
                raise CorpusError(
                    phrase("{article} is the only article, so it is not removed.", article=what),
                    remedy=phrase("Add another article first."),
                )
            return replace(stock, inventory=left)

        return self._change(edit, progress)

    def undo(self, what: str | None = None, progress: Progress | None = None) -> Report:
        """Serve again what was removed in the last day: ``what``, or what was removed last.

        Raises:
            CorpusError: Nothing was removed, or not this.
        """
        return self._change(
            lambda stock: replace(
                stock, inventory=edits.undo(stock.inventory, what, self._means.clock())
            ),
            progress,
        )

    def drop(self) -> None:
        """Delete everything that is kept for the collection.

        Raises:
            StorageError: It cannot be deleted, or another process is changing it.
        """
        with self._alone():
            # First: what is cut short here is still known, and can be asked for again.
            self._indexer.discard_all_but(None)
            self._originals.discard_all_but(())
            self._store.drop()
            self._serve(None, None)
        self._means.backend.forget(self.name)

    def ask(self, question: str, *, history: Sequence[Turn] = (), top: int = 10) -> Answer:
        """Answer a question from the articles of this collection alone.

        Args:
            question: As a person typed it.
            history: The conversation so far, oldest turn first; it is used where the question
                cannot be understood without it.
            top: How many ranked passages the answer lists.

        Raises:
            QuestionError: It holds nothing to look for, or is too long.
        """
        return self._means.answerer.answer(self._serving(), question, history=history, top=top)

    def load_encoder(self) -> None:
        """Load the model, so that ``status`` knows what runs it.

        Raises:
            ModelError: It cannot be loaded.
        """
        self._encoder.load()

    def status(self) -> Status:
        """What is served now; before ``open``, what is kept."""
        inventory = self._store.load()
        record = inventory.generation
        articles = inventory.articles()
        sources = [entry.source for entry in inventory.entries]
        checks = [
            entry.source.next_check
            for entry in inventory.entries
            if entry.is_wanted and entry.source.next_check is not None
        ]
        errors = (from_text(source.error) for source in sources if source.error is not None)
        generation = self._generation
        passages = (
            len(generation.engine) if generation is not None else self._store.count_passages()
        )
        return Status(
            name=self.name,
            articles=len(articles),
            passages=passages,
            words=sum(len(article.text.split()) for article in articles.values()),
            model=self._encoder.name,
            runtime=self._encoder.runtime,
            generation=record.digest[:12] if record else None,
            created=record.created if record else None,
            encoded=record.encoded if record else 0,
            encoded_here=self._indexer.encoded,
            bytes_on_disk=self._means.backend.bytes_used(self.name),
            sources=tuple(str(source) for source in self._sources),
            added=sum(not source.configured for source in sources),
            next_check=min(checks, default=None),
            failures=tuple(dict.fromkeys([*self._failures, *errors])),
            uses_shared=self._store.uses_shared(),
        )

    def inventory(self) -> Inventory:
        """All that is kept, with where each article comes from."""
        return self._store.load()

    def original(self, entry: Entry) -> bytes | None:
        """The bytes that were uploaded; ``None`` where it was no upload, or they are damaged."""
        source = entry.source
        if source.kind != "upload" or source.fingerprint is None:
            return None
        return self._originals.get(source.fingerprint)

    def _with(self, stock: Stock, addition: Addition) -> Stock:
        """What there is, with what somebody adds.

        Raises:
            ArticleError: Nothing in it can be read, or it is here already.
            StorageError: It cannot be kept.
        """
        added, entry = add_to(stock.inventory, addition, self._tools)
        edits.refuse_copies(stock.inventory, entry)
        if isinstance(addition, Upload):
            self._originals.keep(addition.content)
        return replace(added, failures={**stock.failures, **added.failures})

    def _serving(self) -> Generation:
        if self._generation is None:
            raise CorpusError(
                phrase("The articles are not open yet."), remedy=phrase("Try again in a moment.")
            )
        return self._generation

    def _serve(self, generation: Generation | None, kept: GenerationRecord | None) -> None:
        self._generation = generation
        self._kept = kept.digest if kept is not None else None

    def _change(
        self,
        edit: Callable[[Stock], Stock],
        progress: Progress | None,
        *,
        asked: Asked | None = None,
        notices: Sequence[str] = (),
    ) -> Report:
        with self._alone(), closing(self._indexer.encoding()) as encoding:
            start = time.perf_counter()
            told = self._catch_up() or ()
            before = self._store.load()
            if asked is None and before.generation is None:
                asked = Asked.NEW
            stock = Stock(before, {})
            if asked is not None:
                # What is bounded may turn out to be too much, which nothing is encoded of.
                found = None if self._is_bounded else encoding.add
                stock = take_stock(before, self._sources, self._tools, asked, found)
            try:
                stock = edit(stock)
                after = edits.purge(stock.inventory, self._means.clock())
                self._failures = tuple(str(error) for error in stock.failures.values())
                encoded = self._keep(before, after, stock.failures, progress, encoding)
            except FootnoteError:
                # Uploads that were kept on the way belong to nothing then.
                with suppress(FootnoteError):
                    self._discard_originals(self._store.load())
                raise
            return Report(
                changes=compare(before.articles(), after.articles(), stock.failures),
                encoded=encoded,
                seconds=time.perf_counter() - start,
                notices=(
                    *notices,
                    *told,
                    *self._means.database.take_notices(),
                    *copies_noticed(after),
                ),
            )

    def _catch_up(self) -> tuple[str, ...] | None:
        """Serve what is kept, where that is something else; what to tell of it if it was."""
        record = self._store.generation()
        if (record.digest if record else None) == self._kept:
            return None
        if record is not None and record.model != self._encoder.name:
            return None
        return self.restore()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._changing.acquire(blocking=False):
            raise CorpusError(
                phrase("These articles are being reloaded already."),
                remedy=phrase("Wait until that has finished, then try again."),
            )
        try:
            with self._means.backend.held_by_one(self.name):
                yield
        finally:
            self._changing.release()

    def _keep(
        self,
        before: Inventory,
        after: Inventory,
        failures: Mapping[str, ArticleError],
        progress: Progress | None,
        encoding: PassageEncoding,
    ) -> int:
        """Build, verify, keep and serve ``after``; returns how many passages were encoded."""
        articles = after.articles()
        if not articles and not self._is_bounded:
            raise nothing_to_serve(self._sources, failures)
        serving = self._generation
        fresh: Generation | None
        if not articles:
            fresh, encoded = None, 0
        elif serving is not None and serving.digest == self._indexer.digest(articles):
            fresh, encoded = serving, 0
        else:
            fresh = self._indexer.build(
                after,
                serving,
                progress,
                lambda passages: self._check_limits(before, after, passages),
                encoding,
            )
            fresh.warm()
            encoded = fresh.encoded
            # An index without its articles in the database is never opened; the other way round,
            # articles without an index, costs the time to make it.
            self._indexer.keep(fresh)
        after = replace(after, generation=_record_of(fresh) if fresh is not None else None)
        if after != before:
            try:
                self._store.save(before, after)
            except StorageError:
                # Space may be what is missing, and nobody opens the new index.
                self._indexer.discard_all_but(serving)
                raise
        self._serve(fresh, after.generation)
        if after != before:
            self._tidy(after, fresh)
        return encoded

    def _rebuilt(
        self, inventory: Inventory, progress: Progress | None
    ) -> tuple[Generation, tuple[str, ...]]:
        try:
            built = self._indexer.build(inventory, None, progress)
            self._indexer.keep(built)
        except StorageError as error:
            log.warning("The index is not kept: %s", error)
            built = self._indexer.build_in_memory(inventory, progress)
            notice = phrase("The new index serves, but is not kept for the next start.")
            return built, (joined((notice, str(error))),)
        return built, ()

    def _tidy(self, inventory: Inventory, serving: Generation | None) -> None:
        """Delete what nothing needs any more. What fails here is done after the next change."""
        self._indexer.discard_all_but(serving)
        self._discard_originals(inventory)
        try:
            self._indexer.forget_encodings(
                lambda: passage_hashes(self._means.database),
                before=datetime.now(UTC) - _FORGOTTEN_AFTER,
            )
        except StorageError as error:
            log.warning("Unused encodings were not deleted: %s", error)

    def _discard_originals(self, inventory: Inventory) -> None:
        kept = {entry.source.fingerprint for entry in inventory.entries}
        self._originals.discard_all_but({name for name in kept if name is not None})

    def _check_limits(self, before: Inventory, after: Inventory, passages: int) -> None:
        if not self._is_bounded:
            return
        limits, serving = self._means.limits, self._generation
        articles, held = len(after.articles()), len(before.articles())
        # Who is over a limit that was lowered may still remove and replace.
        if articles > max(limits.articles, held):
            raise too_full(
                phrases("{count} article", "{count} articles", limits.articles),
                phrase("there would be {number}", number=articles),
            )
        if passages > max(limits.passages, len(serving.engine) if serving is not None else 0):
            raise too_full(
                phrases("{count} passage", "{count} passages", limits.passages),
                phrase("there would be {number}", number=passages),
            )


def _and(failures: Mapping[str, ArticleError], error: ArticleError) -> dict[str, ArticleError]:
    """One failure more, under its name, or that and a number where another has the same."""
    names = (error.name, *(f"{error.name} ({number})" for number in range(2, len(failures) + 3)))
    return {**failures, next(name for name in names if name not in failures): error}


def _record_of(generation: Generation) -> GenerationRecord:
    return GenerationRecord(
        generation.digest, generation.created, generation.model, generation.encoded
    )
