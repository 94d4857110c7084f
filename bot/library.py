"""The collections as the event loop sees them: every call is awaited, all work is in threads.

What is done on the loop itself delays heartbeats and acknowledgements, so nothing here encodes,
searches or reads files there. Answers have their own threads: a change of the articles, which takes
minutes for a large collection, does not hold them up.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from bot.holdings import removals
from bot.inflight import ClosingError
from bot.languages import t
from bot.observability.workers import Workers
from retrieval.answers import Answer
from retrieval.articles import Article
from retrieval.conversation import Turn
from retrieval.corpus import Addition, Asked, Corpora, Corpus, Report, Status
from retrieval.corpus.edits import UNDO_WITHIN
from retrieval.corpus.generation import Generation
from retrieval.encoders import Encoder, Progress
from retrieval.errors import CorpusError, DamagedError, FootnoteError, HeldError
from retrieval.summaries import Summary

log = logging.getLogger(__name__)

ANSWER_WORKERS: Final = 16
"""Questions that are answered at a time: those that wait for the encoder share its next pass."""
CHANGE_WORKERS: Final = 2
"""So that one server's thousand pages do not keep everybody else's single one waiting."""
_HELD_S: Final = 0.5
"""Seconds after which articles are opened again that another process was changing."""

Result = TypeVar("Result")


class Library:
    """All collections, their worker threads, and the lists of their articles kept in memory.

    Wherever a ``server`` is asked for, ``None`` means the shared collection.

    Args:
        corpora: Opened by ``open``, or before.
    """

    def __init__(self, corpora: Corpora) -> None:
        self._corpora = corpora
        self._answering = Workers(ANSWER_WORKERS, "answer")
        self._changing = Workers(CHANGE_WORKERS, "change")
        # What others have changed is served at once, also while much is being changed here.
        self._following = Workers(1, "follow")
        self._busy: set[int | None] = set()
        self._closing = False
        self._is_open = False
        self._articles: dict[int | None, tuple[Article, ...]] = {}
        self._own: dict[int | None, tuple[Article, ...]] = {}
        self._removed: dict[int | None, list[tuple[Article, datetime]]] = {}
        self._shows_shared: dict[int, bool] = {}
        self._listing: set[asyncio.Task[object]] = set()

    def articles(self, server: int | None = None) -> tuple[Article, ...]:
        """The articles that a server's members are answered from, its own first, as a snapshot and
        without their texts.

        From memory, for autocomplete: none where the collection was not asked for yet; it is
        opened then, for the next time.
        """
        return self._listed(self._articles, server)

    def own_articles(self, server: int | None = None) -> tuple[Article, ...]:
        """The same without the shared ones: what the server's admins can remove."""
        return self._listed(self._own, server)

    def shows_shared(self, server: int) -> bool:
        """Whether a server's members are answered from the shared collection too, from memory."""
        return self._shows_shared.get(server, False)

    def is_changing(self, server: int | None = None) -> bool:
        """Whether a collection is being changed right now, so that another change is refused."""
        return server in self._busy

    async def noted(self, server: int | None = None, within: float = 1.0) -> None:
        """Wait until a collection's articles are in memory, for at most ``within`` seconds.

        For suggestions, which cannot ask for more time: a server's first ones would be none.
        """
        if server not in self._articles and not self._closing:
            await asyncio.wait({self._take_note_soon(server)}, timeout=within)

    async def removed(self, server: int | None = None, within: float = 1.0) -> list[Article]:
        """The articles that can still be brought back, the latest removed first.

        For suggestions: read once after each change, for at most ``within`` seconds, and from
        memory afterwards.
        """
        if server not in self._removed and not self._closing:
            await asyncio.wait({self._soon(partial(self._note_removed, server))}, timeout=within)
        since = datetime.now(UTC) - UNDO_WITHIN
        return [article for article, when in self._removed.get(server, ()) if when > since]

    async def known(self, server: int | None = None) -> tuple[Article, ...]:
        """The articles that a server's members are answered from, its own first, without their
        texts.

        Raises:
            CorpusError: There are none.
        """
        found = self._articles.get(server)
        if found is None:
            found = await self.work(partial(self._take_note, server))
        if not found:
            await self.work(partial(self._corpora.library, server))  # It knows why.
        return found

    async def with_articles(
        self, function: Callable[[Mapping[str, Article]], Result], server: int | None = None
    ) -> Result:
        """What a function makes of the same articles by id, each with its text.

        Raises:
            CorpusError: There are none.
        """
        corpora = self._corpora

        def read() -> Result:
            return function(corpora.articles(server))

        return await self.work(partial(corpora.mending, server, read))

    async def open(self) -> Report:
        """Open the shared collection and answer one question, so that the first person need not
        wait for it.

        Raises:
            CorpusError: There are no articles.
            ModelError: The model cannot be loaded.
        """
        report = await self._opened()
        await self.ask("Is everything at hand?")
        # What is loaded now stays: without this the collector walks through all of the model's
        # libraries now and then, and everybody waits for a tenth of a second.
        gc.collect()
        gc.freeze()
        self._is_open = True
        return report

    def show_articles(self) -> None:
        """Take note of the articles of a shared collection that was opened already."""
        self._take_note(None)
        self._is_open = True

    @property
    def generation(self) -> Generation | None:
        """What the shared collection serves now; ``None`` where it is not open yet."""
        return self._corpora.shared.generation

    @property
    def is_open(self) -> bool:
        """Whether the shared collection has answered its first question, so that all is loaded."""
        return self._is_open

    @property
    def waiting(self) -> Mapping[str, int]:
        """How much waits until one of its threads is free, by what they are for."""
        return {"answers": self._answering.waiting, "changes": self._changing.waiting}

    @property
    def threshold(self) -> float:
        """The confidence from which a question counts as answered."""
        return self._corpora.threshold

    async def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        server: int | None = None,
        *,
        top: int = 10,
        within: Callable[[Article], bool] | None = None,
    ) -> Answer:
        """The answer for a member of a server.

        Args:
            top: How many ranked passages the answer lists.
            within: Which articles may be quoted, of those that the member may see.

        Raises:
            QuestionError: There is nothing in the question to look for.
            CorpusError: There is nothing to answer from.
        """
        return await self.work(
            partial(
                self._corpora.ask,
                question,
                server=server,
                history=tuple(history),
                top=top,
                within=within,
            )
        )

    async def summarize(
        self, article: str | None, topic: str | None, count: int, server: int | None = None
    ) -> Summary:
        """The sentences that carry an article, a topic or everything.

        Raises:
            CorpusError: There is no such article, or nothing at all.
            QuestionError: There is nothing in the topic to look for.
        """
        return await self.work(
            partial(self._corpora.summarize, article, topic, count, server=server)
        )

    async def status(self, server: int | None = None) -> Status:
        """What the collection serves now."""
        return await self.work(lambda: self._corpus(server).status())

    async def reload(
        self,
        progress: Progress | None,
        server: int | None = None,
        asked: Asked = Asked.ALL,
    ) -> Report:
        """Read a collection's sources again; what was read before is served meanwhile.

        Args:
            progress: Called from the worker thread.
            asked: Which pages and feeds are asked for news.

        Raises:
            CorpusError: The collection is being changed already, or there is nothing in it; the
                old articles stay.
            StorageError: It cannot be kept; the old articles stay.
            ClosingError: The bot was stopped meanwhile; the old articles stay.
        """
        return await self._change(
            server, lambda corpus, bar: corpus.reload(bar, asked=asked), progress
        )

    async def add(
        self, addition: Addition, progress: Progress | None = None, server: int | None = None
    ) -> Report:
        """Keep and serve what somebody adds to a collection.

        Raises:
            ArticleError: Nothing in it can be read.
            CorpusError, StorageError, ClosingError: As for ``reload``; nothing was changed.
        """
        return await self._change(server, lambda corpus, bar: corpus.add(addition, bar), progress)

    async def remove(self, what: str, server: int | None = None) -> Report:
        """Stop serving an article, or all from an address; for a day it can be undone.

        Raises:
            CorpusError, StorageError, ClosingError: As for ``reload``, or there is no such article.
        """
        return await self._change(server, lambda corpus, bar: corpus.remove(what, bar), None)

    async def undo(self, what: str | None = None, server: int | None = None) -> Report:
        """Serve again what was removed: ``what``, or what was removed last.

        Raises:
            CorpusError, StorageError, ClosingError: As for ``reload``, or nothing was removed.
        """
        return await self._change(server, lambda corpus, bar: corpus.undo(what, bar), None)

    async def with_corpus(
        self, function: Callable[[Corpus], Result], server: int | None = None
    ) -> Result:
        """What a function that changes nothing makes of a collection, in a worker thread."""
        return await self.work(lambda: function(self._corpus(server)))

    async def uses_shared(self, server: int) -> bool:
        """Whether a server's members are answered from the shared collection too."""
        return await self.work(partial(self._corpora.uses_shared, server))

    async def set_uses_shared(self, server: int, value: bool) -> None:
        """Keep whether they are.

        Raises:
            StorageError: It cannot be kept; nothing was changed.
        """

        def change() -> None:
            self._corpora.set_uses_shared(server, value)
            self._take_note(server)

        await self.work(change)

    async def kept(self) -> list[int]:
        """The servers that have a collection."""
        return await self.work(self._corpora.kept)

    async def forget(self, server: int) -> None:
        """Delete a server's collection with all that is kept for it.

        Raises:
            CorpusError: It is being changed.
            StorageError: It cannot be deleted.
        """

        def forget(corpus: Corpus, progress: Progress) -> Report:
            self._corpora.forget(server)
            return Report((), 0, 0.0)

        await self._change(server, forget, None)
        self._let_go(server)

    async def refresh(self) -> list[str]:
        """Serve what other processes have changed; the names of those collections.

        Raises:
            StorageError: The database cannot be read.
        """

        def look() -> list[str]:
            changed = self._corpora.refresh()
            if changed:
                self._take_notes()
            return changed

        return await self._run(self._following, look)

    async def release_idle(self) -> None:
        """Let go of what nobody has asked for a while; it comes back with the next question."""
        for server in await self.work(self._corpora.release_idle):
            self._let_go(server)

    async def next_checks(self) -> dict[int | None, datetime]:
        """When each collection's pages and feeds are to be asked for news next, if it has any."""
        return await self.work(self._corpora.next_checks)

    async def with_encoder(self, function: Callable[[Encoder], Result]) -> Result:
        """What a function makes with the encoder of passages and questions, in a worker thread."""
        return await self.work(lambda: function(self._corpora.encoder))

    async def work(self, function: Callable[[], Result]) -> Result:
        """Run something that takes a while in the threads for answers."""
        return await self._run(self._answering, function)

    def stop(self) -> None:
        """End a change at the next passages that it encodes."""
        self._closing = True

    def close(self) -> bool:
        """Dismiss the threads; says whether all of them are idle."""
        self.stop()
        for executor in (self._answering, self._changing, self._following):
            executor.shutdown(wait=False, cancel_futures=True)
        return not self._busy

    def _corpus(self, server: int | None) -> Corpus:
        return self._corpora.shared if server is None else self._corpora.server(server)

    def _listed(
        self, kept: dict[int | None, tuple[Article, ...]], server: int | None
    ) -> tuple[Article, ...]:
        if server not in kept and not self._closing:
            self._take_note_soon(server)
        return kept.get(server, ())

    def _let_go(self, server: int) -> None:
        for noted in (self._articles, self._own):
            noted.pop(server, None)
        self._removed.pop(server, None)
        self._shows_shared.pop(server, None)

    def _take_note_soon(self, server: int | None) -> asyncio.Task[object]:
        return self._soon(partial(self._take_note, server))

    def _soon(self, note: Callable[[], object]) -> asyncio.Task[object]:
        task: asyncio.Task[object] = asyncio.ensure_future(self.work(note))
        # Kept, as the loop itself does not keep a task alive.
        self._listing.add(task)
        task.add_done_callback(self._noted)
        return task

    def _noted(self, task: asyncio.Task[object]) -> None:
        self._listing.discard(task)
        failed = (FootnoteError, DamagedError)
        if not task.cancelled() and isinstance(error := task.exception(), failed):
            log.warning("A collection cannot be opened: %s", error)

    def _take_note(self, server: int | None) -> tuple[Article, ...]:
        return self._corpora.mending(server, lambda: self._note(server, self._corpus(server)))

    def _note(self, server: int | None, corpus: Corpus) -> tuple[Article, ...]:
        """Take note of a collection as it is; the articles that its members are answered from."""
        generation = corpus.generation
        self._removed.pop(server, None)
        self._own[server] = _without_text(generation.articles.values()) if generation else ()
        if server is not None:
            self._shows_shared[server] = self._corpora.uses_shared(server)
        found = _without_text(self._corpora.articles_at_hand(server).values())
        self._articles[server] = found
        return found

    def _note_removed(self, server: int | None) -> None:
        corpus = self._corpus(server)
        before = corpus.generation
        self._removed[server] = removals(corpus)
        if corpus.generation is not before:  # It was changed meanwhile.
            self._removed.pop(server, None)

    def _take_notes(self, changed: int | None = None) -> None:
        """Take note of what a change shows: every server sees the shared collection, and none
        another's own."""
        if changed is not None:
            self._take_note(changed)
            return
        self._take_note(None)
        # Nobody has asked these: they must not stay in memory for that.
        for server, corpus in self._corpora.opened().items():
            try:
                self._note(server, corpus)
            except DamagedError as error:
                # It is mended for whoever asks it next; what was changed is no worse for it.
                log.warning("A collection is damaged: %s", error)
                self._let_go(server)

    async def _opened(self) -> Report:
        while True:
            try:
                return await self._change(
                    None, lambda _, progress: self._corpora.open(progress), None
                )
            except HeldError as error:
                # Of processes that are started together one reads the articles for the first time;
                # what it keeps is served by all.
                log.info("The articles are waited for: %s", error)
            await asyncio.sleep(_HELD_S)

    async def _change(
        self,
        server: int | None,
        work: Callable[[Corpus, Progress], Report],
        progress: Progress | None,
    ) -> Report:
        if server in self._busy:
            raise CorpusError(
                t("The articles are being read already."),
                remedy=t("Wait until that has finished, then try again."),
            )
        self._busy.add(server)

        def stoppable(done: int, total: int) -> None:
            if self._closing:
                raise ClosingError
            if progress is not None:
                progress(done, total)

        def change() -> Report:
            report = work(self._corpus(server), stoppable)
            self._take_notes(server)
            return report

        future = asyncio.ensure_future(self._run(self._changing, change))

        def finish(future: asyncio.Future[Report]) -> None:
            self._busy.discard(server)
            if not future.cancelled():
                # Fetched, so that an error nobody waits for any more is not reported as lost.
                future.exception()

        # Whoever waits may give up; the thread goes on, and only its end makes room for another.
        future.add_done_callback(finish)
        return await asyncio.shield(future)

    async def _run(self, executor: Executor, function: Callable[[], Result]) -> Result:
        # The context goes along: what is rendered there is in the language of who asked.
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(executor, context.run, function)


def _without_text(articles: Iterable[Article]) -> tuple[Article, ...]:
    """What a list shows of articles: all their texts together need not fit into memory."""
    return tuple(replace(article, text="") for article in articles)
