"""All collections: the shared one, and one for each server, which are strangers to each other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self, TypeVar

from retrieval.answering import Answerer, Library
from retrieval.answers import Answer
from retrieval.articles import Article
from retrieval.conversation import Turn
from retrieval.corpus.backend import Backend
from retrieval.corpus.corpus import Corpus
from retrieval.corpus.embedded_backend import EmbeddedBackend
from retrieval.corpus.generation import Generation
from retrieval.corpus.means import Means
from retrieval.corpus.recent import RecentAnswers
from retrieval.corpus.refusals import unknown_article
from retrieval.corpus.report import Report
from retrieval.corpus.selected import select
from retrieval.corpus.sources import Configured
from retrieval.corpus.stocktaking import Asked
from retrieval.corpus.view import view_of
from retrieval.database import (
    CollectionStore,
    collection_names,
    next_checks,
    served,
)
from retrieval.encoders import Encoder, Progress
from retrieval.errors import CorpusError, DamagedError, ModelError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.questions import clean_question
from retrieval.sandbox import Sandbox
from retrieval.summaries import Summary, summarize
from retrieval.web import Fetcher

log = logging.getLogger(__name__)

Result = TypeVar("Result")

SHARED: Final = "shared"
_SERVER: Final = "server-"
POLL_EVERY: Final = timedelta(hours=1)
RELEASED_AFTER: Final = timedelta(minutes=15)
"""For so long a server's collection stays in memory after it was asked."""
_LOADED_WITHIN: Final = 10.0
"""Seconds in which a model is loaded; what takes longer waits for another process, and may be left.
"""


class Corpora:
    """Every collection under one roof. Safe to share by threads.

    Args:
        folder: Where everything is kept.
        answerer: Answers the questions; its encoder is used for the passages too.
        sources: What the shared collection is made of.
        backend: What everything is kept in; files below ``folder`` where not given.
        shared_name: Of the shared collection; another for articles that are looked at in passing.
        private_hosts: Hosts that pages may be fetched from although they are no public ones.
        poll_every: Between two looks at a feed or page, while all goes well.
        sandbox: Reads files; its own where not given.
        clock: The time, with its zone.
    """

    def __init__(
        self,
        folder: Path,
        answerer: Answerer,
        sources: Sequence[Configured] = (),
        *,
        backend: Backend | None = None,
        shared_name: str = SHARED,
        limits: Limits | None = None,
        private_hosts: Sequence[str] = (),
        poll_every: timedelta = POLL_EVERY,
        sandbox: Sandbox | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        limits = limits or Limits()
        self._answerer = answerer
        self._sources = tuple(sources)
        self._shared_name = shared_name
        self._own_sandbox = Sandbox(limits) if sandbox is None else None
        self._means = Means(
            backend=backend or EmbeddedBackend(folder),
            answerer=answerer,
            sandbox=sandbox or self._own_sandbox or Sandbox(limits),
            fetcher=Fetcher(limits, private_hosts),
            limits=limits,
            interval=poll_every,
            clock=clock,
        )
        self._shared = Corpus(shared_name, self._sources, self._means)
        self._recent = RecentAnswers()
        self._asked: dict[int, datetime] = {}
        self._loading: threading.Thread | None = None
        self._opening = threading.Lock()
        self._locks: dict[int, threading.Lock] = {}
        self._servers: dict[int, Corpus] = {}
        self._uses_shared: dict[int, bool] = {}
        self._views: dict[int, tuple[tuple[Generation, ...], Library]] = {}

    @property
    def shared(self) -> Corpus:
        """The collection that every server sees, unless its admins do not want it."""
        return self._shared

    @property
    def sources(self) -> tuple[Configured, ...]:
        """What the shared collection is made of."""
        return self._sources

    @property
    def threshold(self) -> float:
        """The confidence from which a question counts as answered."""
        return self._answerer.threshold

    @property
    def encoder(self) -> Encoder:
        """What the passages and the questions are encoded with."""
        return self._answerer.encoder

    @property
    def folder(self) -> Path:
        """Where everything is kept."""
        return self._means.database.folder

    def open(self, progress: Progress | None = None) -> Report:
        """Open the shared collection. Servers' own are opened when they are asked first.

        Where the folder cannot be written, everything is kept until the program ends.

        Raises:
            CorpusError: There are no articles, and none were kept before.
            ModelError: The model cannot be loaded.
        """
        # It takes as long as all the rest; whoever needs it first waits for what is left of it.
        loading = threading.Thread(target=self._load_encoder, name="load", daemon=True)
        loading.start()
        self._loading = loading  # Not before: whoever closes them meanwhile would wait for it.
        notices = self._means.backend.open()
        if notices:
            # It may be another database now.
            self._shared = Corpus(self._shared_name, self._sources, self._means)
        report = self._shared.open(progress)
        return replace(report, notices=(*notices, *report.notices))

    def server(self, server: int) -> Corpus:
        """A server's own collection, open.

        Raises:
            StorageError: It cannot be read.
        """
        self._asked[server] = self._means.clock()
        return self._open(server)

    def opened(self) -> dict[int, Corpus]:
        """The servers' collections that were asked so far."""
        return dict(self._servers)

    def kept(self) -> list[int]:
        """The servers that have a collection, whether it was asked or not."""
        names = collection_names(self._means.database)
        return [int(name.removeprefix(_SERVER)) for name in names if name.startswith(_SERVER)]

    def next_checks(self) -> dict[int | None, datetime]:
        """When a page or feed is to be asked for news next, by server; the shared one's too.

        No collection is opened for that.
        """
        found: dict[int | None, datetime] = {}
        for name, time in next_checks(self._means.database).items():
            if name == self._shared_name:
                found[None] = time
            elif name.startswith(_SERVER):
                found[int(name.removeprefix(_SERVER))] = time
        return found

    def library(self, server: int | None = None) -> Library:
        """What the members of a server are answered from; without one, the shared collection.

        Raises:
            CorpusError: There is nothing to answer from.
        """
        served: dict[str, Generation] = {}
        if server is not None:
            own = self._open(server).generation
            if own is not None:
                served[_name_of(server)] = own
        if server is None or self.uses_shared(server):
            shared = self._shared.generation
            if shared is not None:
                served[SHARED] = shared
        if not served:
            if server is not None and self._shared.generation is not None:
                raise CorpusError(
                    phrase("This server has no articles yet, and does not use the shared ones."),
                    remedy=phrase("Those who manage it can add some with /corpus add."),
                )
            raise CorpusError(
                phrase("The articles are not open yet."), remedy=phrase("Try again in a moment.")
            )
        if server is None:
            return view_of(served)
        generations = tuple(served.values())
        kept = self._views.get(server)
        if kept is None or kept[0] != generations:
            # Compared by identity: a generation is never changed and has no other equality.
            kept = (generations, view_of(served))
            with self._opening:
                if server in self._servers:  # Otherwise it was let go of meanwhile.
                    self._views[server] = kept
        return kept[1]

    def articles(self, server: int | None = None) -> Mapping[str, Article]:
        """The articles that the members of a server are answered from, by id; its own first."""
        return self.library(server).articles

    def articles_at_hand(self, server: int | None = None) -> Mapping[str, Article]:
        """The same as far as it is in memory: none where the collection was not opened yet."""
        if server is not None and server not in self._servers:
            return {}
        try:
            return self.library(server).articles
        except CorpusError:
            return {}

    def ask(
        self,
        question: str,
        *,
        server: int | None = None,
        history: Sequence[Turn] = (),
        top: int = 10,
        within: Callable[[Article], bool] | None = None,
    ) -> Answer:
        """Answer a question for a member of a server, or for nobody's in particular.

        Args:
            question: As a person typed it.
            history: The conversation so far, oldest turn first.
            top: How many ranked passages the answer lists.
            within: Which articles may be quoted, of those that the member may see.

        Raises:
            CorpusError: There is nothing to answer from.
            QuestionError: It holds nothing to look for, or is too long.
        """

        def answer() -> Answer:
            library = self.library(server)
            if within is not None:
                chosen = select(library, within)
                return self._answerer.answer(chosen, question, history=history, top=top)
            return self._recent.answer(
                server,
                library,
                question,
                history,
                top,
                lambda: self._answerer.answer(library, question, history=history, top=top),
            )

        return self.mending(server, answer)

    def summarize(
        self,
        article: str | None = None,
        topic: str | None = None,
        count: int = 5,
        *,
        server: int | None = None,
    ) -> Summary:
        """The sentences that carry an article, a topic, or everything.

        Raises:
            CorpusError: There is no such article, or nothing at all.
            QuestionError: The topic holds nothing to look for.
        """
        wanted = clean_question(topic) if topic is not None else None

        def summary() -> Summary:
            library = self.library(server)
            if article is not None and article not in library.articles:
                raise unknown_article(article, library.articles)
            return summarize(
                library.engine,
                library.articles,
                count=count,
                article=article,
                topic=self._answerer.encoder.encode_question(wanted) if wanted else None,
                topic_text=wanted,
            )

        return self.mending(server, summary)

    def mending(self, server: int | None, read: Callable[[], Result]) -> Result:
        """What ``read`` makes of the articles that a server's members are answered from, once more
        if the index turns out to be damaged on the way: it is made anew then.

        Raises:
            CorpusError, StorageError: It cannot be made.
        """
        corpora = [self._shared] if server is None else [self._shared, self.server(server)]
        served = [(corpus, corpus.generation) for corpus in corpora]
        try:
            return read()
        except DamagedError as error:
            log.warning("An index is damaged: %s", error)
            for corpus, generation in served:
                if generation is not None:
                    corpus.mend(generation)
            return read()

    def uses_shared(self, server: int) -> bool:
        """Whether a server's members are answered from the shared collection too."""
        known = self._uses_shared.get(server)
        return self._store(server).uses_shared() if known is None else known

    def set_uses_shared(self, server: int, value: bool) -> None:
        """Keep whether they are.

        Raises:
            StorageError: It cannot be kept; nothing was changed.
        """
        self.server(server)
        self._store(server).set_uses_shared(value)
        self._uses_shared[server] = value

    def refresh(self) -> list[str]:
        """Serve what other processes have changed; the names of those collections.

        Raises:
            StorageError: The database cannot be read.
        """
        changed = [self._shared.name] if self._shared.refresh() else []
        opened = self.opened()
        kept = served(self._means.database) if opened else {}
        for server, corpus in opened.items():
            digest, uses_shared = kept.get(corpus.name, (None, True))
            self._uses_shared[server] = uses_shared
            if digest != corpus.digest and corpus.refresh():
                changed.append(corpus.name)
        return changed

    def release_idle(self) -> list[int]:
        """Let go of the servers' collections that nobody has asked for a while; which those are.

        They are opened again when they are asked.
        """
        before = self._means.clock() - RELEASED_AFTER
        idle = []
        with self._opening:
            for server, corpus in self.opened().items():
                if self._asked.get(server, before) <= before and not corpus.is_changing:
                    idle.append(server)
                    self._let_go(server)
        return idle

    def forget(self, server: int) -> None:
        """Delete a server's collection with all that is kept for it.

        Raises:
            StorageError: It cannot be deleted.
        """
        self.server(server).drop()
        with self._opening:
            self._let_go(server)

    def back_up(self, file: Path) -> None:
        """Write everything that is kept, as it stands at one moment, into one file.

        Raises:
            StorageError: It cannot be read or written.
        """
        self._means.backend.back_up(file)

    def bring_back(self, file: Path) -> list[str]:
        """Put a backup in the place of everything; returns the collections in it.

        Raises:
            StorageError: It is no whole backup, or cannot be kept; nothing was changed.
        """
        names = self._means.backend.bring_back(file)
        self.refresh()
        return names

    def close(self) -> None:
        """Close what everything is kept in, and end the reading of files."""
        if self._own_sandbox is not None:
            self._own_sandbox.close()
        self._means.backend.close()
        if self._loading is not None:
            # The interpreter must not end while the model's libraries load: they would abort it.
            self._loading.join(_LOADED_WITHIN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _open(self, server: int) -> Corpus:
        """The same without counting as a question, after which it would not be let go of."""
        # One that is open need not wait for another that is being opened.
        if (opened := self._servers.get(server)) is not None:
            return opened
        with self._opening:
            lock = self._locks.setdefault(server, threading.Lock())
        with lock:
            if (opened := self._servers.get(server)) is not None:
                return opened
            corpus = Corpus(_name_of(server), (), self._means, is_bounded=True)
            for notice in corpus.restore():
                log.warning("Collection %s: %s", corpus.name, notice)
            if corpus.is_outdated():
                corpus.reload(asked=Asked.NEW)
            self._uses_shared[server] = self._store(server).uses_shared()
            self._asked.setdefault(server, self._means.clock())
            self._servers[server] = corpus
            return corpus

    def _let_go(self, server: int) -> None:
        for kept in (self._servers, self._uses_shared, self._views, self._asked):
            kept.pop(server, None)
        self._recent.forget(server)

    def _load_encoder(self) -> None:
        # Whoever needs the model is told what is wrong with it.
        with suppress(ModelError):
            self.encoder.load()

    def _store(self, server: int) -> CollectionStore:
        return CollectionStore(self._means.database, _name_of(server))


def _name_of(server: int) -> str:
    return f"{_SERVER}{server}"
