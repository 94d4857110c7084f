"""The corpus as the event loop sees it: every call is awaited, all work happens in threads.

What is done on the loop itself delays heartbeats and acknowledgements, so nothing here encodes,
searches or reads files there. Answers have their own threads: a reload, which takes minutes for a
large corpus, does not hold them up.
"""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from bot.inflight import ClosingError
from retrieval.answers import Answer
from retrieval.articles import Article
from retrieval.conversation import Turn
from retrieval.corpus import Corpus, Report, Status
from retrieval.encoders import Progress
from retrieval.errors import CorpusError
from retrieval.summaries import Summary

ANSWER_WORKERS: Final = max(1, (os.cpu_count() or 2) - 1)
"""One processor is left to the event loop, which must acknowledge within three seconds."""

Result = TypeVar("Result")


class Library:
    """A corpus, its worker threads, and the list of its articles kept in memory.

    Args:
        corpus: Opened by ``open``, or before.
    """

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._answering = ThreadPoolExecutor(ANSWER_WORKERS, thread_name_prefix="answer")
        self._reloading = ThreadPoolExecutor(1, thread_name_prefix="reload")
        self._busy = False
        self._closing = False
        self._articles: tuple[Article, ...] = ()

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that are served, in the corpus's order; none before it is open.

        A snapshot, so that autocomplete and lists are answered from memory.
        """
        return self._articles

    async def open(self) -> Report:
        """Open the corpus and answer one question, so that the first person need not wait for it.

        Raises:
            CorpusError: There are no articles.
            ModelError: The model cannot be loaded.
        """
        report = await self._reload(self._corpus.open, None)
        await self.ask("Is everything at hand?")
        # What is loaded now stays: without this the collector walks through all of the model's
        # libraries now and then, and everybody waits for a tenth of a second.
        gc.collect()
        gc.freeze()
        return report

    def show_articles(self) -> None:
        """Take note of the articles of a corpus that was opened already."""
        self._articles = tuple(self._corpus.articles.values())

    async def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer:
        """The corpus's answer.

        Raises:
            QuestionError: There is nothing in the question to look for.
            CorpusError: The corpus is not open yet.
        """
        return await self.work(partial(self._corpus.ask, question, history=tuple(history)))

    async def summarize(self, article: str | None, topic: str | None, count: int) -> Summary:
        """The sentences that carry an article, a topic or everything.

        Raises:
            CorpusError: There is no such article, or the corpus is not open yet.
            QuestionError: There is nothing in the topic to look for.
        """
        return await self.work(partial(self._corpus.summarize, article, topic, count))

    async def status(self) -> Status:
        """What is served now."""
        return await self.work(self._corpus.status)

    async def reload(self, progress: Progress) -> Report:
        """Read the articles again; the old ones are served meanwhile.

        Args:
            progress: Called from the worker thread.

        Raises:
            CorpusError: The articles are being read already, or there are none; the old ones stay.
            ClosingError: The bot was stopped meanwhile; the old articles stay.
        """
        return await self._reload(self._corpus.reload, progress)

    async def work(self, function: Callable[[], Result]) -> Result:
        """Run something that takes a while in the threads for answers."""
        return await self._run(self._answering, function)

    def stop(self) -> None:
        """End a reload at the next passages that it encodes."""
        self._closing = True

    def close(self) -> bool:
        """Dismiss the threads; says whether all of them are idle."""
        self.stop()
        for executor in (self._answering, self._reloading):
            executor.shutdown(wait=False, cancel_futures=True)
        return not self._busy

    async def _reload(
        self, work: Callable[[Progress | None], Report], progress: Progress | None
    ) -> Report:
        if self._busy:
            raise CorpusError(
                "The articles are being read already.",
                remedy="Wait until that has finished, then try again.",
            )
        self._busy = True

        def stoppable(done: int, total: int) -> None:
            if self._closing:
                raise ClosingError
            if progress is not None:
                progress(done, total)

        future = asyncio.ensure_future(self._run(self._reloading, partial(work, stoppable)))
        # Whoever waits may give up; the thread goes on, and only its end makes room for another.
        future.add_done_callback(self._finish)
        report = await asyncio.shield(future)
        self.show_articles()
        return report

    def _finish(self, future: asyncio.Future[Report]) -> None:
        self._busy = False
        if not future.cancelled():
            # Fetched, so that an error nobody waits for any more is not reported as lost.
            future.exception()

    async def _run(self, executor: Executor, function: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(executor, function)
