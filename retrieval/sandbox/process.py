"""One process that reads documents, as its parent sees it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Final, cast

import retrieval
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.preparation import PreparedArticle
from retrieval.readers.documents import Document
from retrieval.sandbox.messages import (
    BadMessage,
    Message,
    Prepared,
    article_from_message,
    decode,
    encode,
    error_from_message,
    linked_from_message,
    receive,
    send,
)

WORKER: Final = "retrieval.sandbox.worker"
_START_SECONDS: Final = 60.0
_END_SECONDS: Final = 2.0
_READY_BYTES: Final = 100
_ANSWER_BYTES: Final = 16 * 1024 * 1024
_ANSWER_BYTES_A_CHARACTER: Final = 4 * 12
"""Four times the characters of one article may come, each with the number of its word."""

_INHERITED: Final = (
    "HOME",
    "LD_LIBRARY_PATH",
    "LOCALAPPDATA",
    "SYSTEMROOT",
    "TZ",
    "USERPROFILE",
    "XDG_CACHE_HOME",
)
"""All of the parent's environment that the child gets: where libraries and clocks are found, and
what was unpacked of a library, which it reads before it is confined."""


class Lost(Exception):  # noqa: N818 - what happened to the child, not to the program
    """The child does not start."""


class Process:
    """A child that reads documents, one at a time, for one thread at a time.

    Only ``kill`` may be called from another. ``is_over`` says that it reads no further document.
    """

    def __init__(self, limits: Limits) -> None:
        """Start it, and wait until it is ready.

        Raises:
            Lost: It does not start.
        """
        self.is_over = False
        self._limits = limits
        self._lock = threading.Lock()
        self._is_late = False
        try:
            # -P: the folder in which Footnote was started is no place to look for modules.
            self._child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise Lost from error
        self._input = cast(BinaryIO, self._child.stdin)
        self._output = cast(BinaryIO, self._child.stdout)
        try:
            with self._killed_after(_START_SECONDS):
                send(self._input, encode(asdict(limits)))
                receive(self._output, _READY_BYTES)
        except (OSError, EOFError, BadMessage) as error:
            self.kill()
            self.end()
            raise Lost from error

    def read(self, document: Document, article_id: str) -> Prepared:
        """What the document holds.

        Raises:
            ArticleError: It cannot be read within the limits. See ``is_over`` afterwards.
        """
        articles: list[PreparedArticle] = []
        self.is_over = True  # Unless it comes to a good end.
        try:
            with self._killed_after(self._limits.read_seconds):
                self._ask(document, article_id)
                for message in self._answers():
                    if "article" in message:
                        articles.append(article_from_message(message))
                    else:
                        self.is_over = message.get("last") is not False
                        return self._result(document, articles, message)
                raise EOFError
        except (OSError, EOFError, BadMessage) as error:
            self.kill()
            self.end()
            raise self._post_mortem(document) from error
        except ArticleError:
            raise
        except BaseException:
            self.kill()  # What is left unsaid would be waited for.
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the child has not ended by itself since it was last asked."""
        with self._lock:
            return self._child.poll() is None

    def kill(self) -> None:
        """End the child at once, and whatever it may have started."""
        with self._lock:
            # Until it was waited for, its number is not given to another process.
            if self._child.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if hasattr(os, "killpg"):
                    os.killpg(self._child.pid, signal.SIGKILL)
                else:
                    self._child.kill()

    def end(self) -> None:
        """Let the child end, by force if it takes long."""
        for stream in (self._input, self._output):
            with contextlib.suppress(OSError):
                stream.close()
        if not self._has_ended(_END_SECONDS):
            self.kill()
            self._has_ended(None)

    def _has_ended(self, seconds: float | None) -> bool:
        with self._lock:
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
        return True

    def _ask(self, document: Document, article_id: str) -> None:
        header = {
            "article": article_id,
            "name": document.name,
            "format": document.format,
            "url": document.url,
            "charset": document.charset,
        }
        send(self._input, encode(header))
        send(self._input, document.content)

    def _answers(self) -> Iterator[Message]:
        left = _ANSWER_BYTES + _ANSWER_BYTES_A_CHARACTER * self._limits.characters
        while True:
            content = receive(self._output, left)
            left -= len(content)
            yield decode(content)

    def _result(
        self, document: Document, articles: list[PreparedArticle], end: Message
    ) -> Prepared:
        if "fault" in end:
            raise self._fault(document, end["fault"], end.get("kind"))
        if "error" in end:
            raise error_from_message(end["error"])
        failures, linked = end.get("failures"), end.get("linked")
        if not isinstance(failures, list) or not isinstance(linked, list):
            raise BadMessage
        return Prepared(
            tuple(articles),
            tuple(map(error_from_message, failures)),
            tuple(map(linked_from_message, linked)),
        )

    def _post_mortem(self, document: Document) -> ArticleError:
        out_of_time = getattr(signal, "SIGXCPU", None)
        if self._is_late or (out_of_time and self._child.returncode == -out_of_time):
            return self._fault(document, "time")
        return self._fault(document, "crash")

    def _fault(self, document: Document, fault: str, kind: object = None) -> ArticleError:
        name = document.name
        memory = phrase("{number} MB of memory", number=round(self._limits.read_bytes / 1024**2))
        split = phrase("Split it into several files, or save its text as plain text (.txt).")
        save = phrase(
            "Open it in a program that knows its format and save it anew, or as plain text."
        )
        if fault == "time":
            return ArticleError(
                name,
                phrase(
                    "{name} took longer than {seconds} s to read.",
                    name=name,
                    seconds=f"{self._limits.read_seconds:g}",
                ),
                remedy=split,
            )
        if fault == "memory":
            return ArticleError(
                name,
                phrase("{name} needs more than {memory} to read.", name=name, memory=memory),
                remedy=split,
            )
        if fault == "nesting":
            return ArticleError(
                name,
                phrase("{name} cannot be read: its parts are nested too deeply.", name=name),
                remedy=save,
            )
        if fault == "failure":
            is_name = isinstance(kind, str) and kind.isidentifier() and kind.isascii()
            why = phrase("It seems to be damaged.")
            if is_name:
                why = phrase("It seems to be damaged ({kind}).", kind=str(kind))
            return ArticleError(
                name, phrase("{name} cannot be read.", name=name), why=why, remedy=save
            )
        return ArticleError(
            name,
            phrase("{name} could not be read: its reader crashed.", name=name),
            why=phrase("It is damaged, or needs more than {memory}.", memory=memory),
            remedy=save,
        )

    @contextlib.contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            if self._is_late:
                self.is_over = True

    def _expire(self) -> None:
        self._is_late = True
        self.kill()


def _environment() -> dict[str, str]:
    """What the child is told: nothing of the parent's secrets, and where the modules are."""
    root = str(Path(retrieval.__file__).resolve().parents[1])
    places = [root, *(place for place in sys.path if Path(place).is_absolute())]
    return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)),
        "PYTHONUTF8": "1",
        # Each thread of these libraries reserves memory, which counts against the limit.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
    }
