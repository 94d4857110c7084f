"""A few processes that read documents, and who gets which."""

from __future__ import annotations

import threading
import time
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
_REST_SECONDS: Final = 60.0


class Sandbox:
    """Reads documents in processes of their own. May be used by many threads at once.

    A process starts with the first document, which takes a second, and reads many. One that has had
    nothing to read for a while ends, so that it holds no memory for nothing.

    Args:
        rest_seconds: How long a process waits for another document.
    """

    def __init__(self, limits: Limits, *, rest_seconds: float = _REST_SECONDS) -> None:
        self._limits = limits
        self._rest = rest_seconds
        self._free = threading.BoundedSemaphore(_PROCESSES)
        self._lock = threading.Lock()
        self._idle: list[tuple[float, Process]] = []
        self._busy: set[Process] = set()
        self._alarm: threading.Timer | None = None
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
            if self._alarm is not None:
                self._alarm.cancel()
        for _, process in idle:
            process.kill()  # It has nothing to finish, and takes a tenth of a second to see that.
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
            # The last to come back is taken first: the others get their rest.
            process = self._idle.pop()[1] if self._idle else None
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
                self._idle.append((time.monotonic() + self._rest, process))
                self._set_alarm()
        if not is_kept:
            process.end()

    def _set_alarm(self) -> None:
        """See to it that the process that rests longest is ended. With the lock held."""
        if self._alarm is None and self._idle:
            self._alarm = threading.Timer(self._idle[0][0] - time.monotonic(), self._let_go)
            self._alarm.daemon = True
            self._alarm.start()

    def _let_go(self) -> None:
        """End the processes that have rested long enough; none of them can be taken any more."""
        with self._lock:
            now = time.monotonic()
            rested = [process for end, process in self._idle if end <= now]
            self._idle = [(end, process) for end, process in self._idle if end > now]
            self._alarm = None
            self._set_alarm()
        for process in rested:
            process.end()


def _closed(document: Document) -> ArticleError:
    return ArticleError(
        document.name,
        phrase("{name} was not read.", name=document.name),
        why=phrase("Footnote is shutting down."),
        remedy=phrase("Add it again once Footnote runs."),
    )
