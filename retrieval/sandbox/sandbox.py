"""A few processes that read documents, and who gets which."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Final, Self

from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.readers.documents import Document
from retrieval.sandbox.messages import Prepared
from retrieval.sandbox.process import Lost, Process

_PROCESSES: Final = 2
"""So that a document that takes its whole minute does not keep everybody else's waiting. The second
starts only when the first is busy."""


class Sandbox:
    """Reads documents in processes of their own. May be used by many threads at once.

    A process starts with the first document, which takes a second, and reads many.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._free = threading.BoundedSemaphore(_PROCESSES)
        self._lock = threading.Lock()
        self._idle: list[Process] = []
        self._busy: set[Process] = set()
        self._is_closed = False

    def read(self, document: Document, article_id: str) -> Prepared:
        """The articles in ``document``, with their passages. Waits while others are read.

        Raises:
            ArticleError: The document cannot be read, or not within the limits.
        """
        with self._free:
            process = self._take(document)
            try:
                return process.read(document, article_id)
            except ArticleError as error:
                if self._is_closed:
                    raise _closed(document) from error
                raise
            finally:
                self._give_back(process)

    def close(self) -> None:
        """End all processes. A document that is being read is given up."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            for process in self._busy:
                process.kill()
        for process in idle:
            process.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take(self, document: Document) -> Process:
        with self._lock:
            if self._is_closed:
                raise _closed(document)
            process = self._idle.pop() if self._idle else None
            if process is not None and process.is_alive:
                self._busy.add(process)
                return process
        if process is not None:
            process.end()
        try:
            process = Process(self._limits)
        except Lost as error:
            raise ArticleError(
                document.name,
                phrase("{name} was not read.", name=document.name),
                why=phrase("The process that reads documents does not start."),
                remedy=phrase(
                    "Check that the machine has memory to spare, then install Footnote anew."
                ),
            ) from error
        with self._lock:
            if not self._is_closed:
                self._busy.add(process)
                return process
        process.end()
        raise _closed(document)

    def _give_back(self, process: Process) -> None:
        with self._lock:
            self._busy.discard(process)
            is_kept = not (process.is_over or self._is_closed)
            if is_kept:
                self._idle.append(process)
        if not is_kept:
            process.end()


def _closed(document: Document) -> ArticleError:
    return ArticleError(
        document.name,
        phrase("{name} was not read.", name=document.name),
        why=phrase("Footnote is shutting down."),
        remedy=phrase("Add it again once Footnote runs."),
    )
