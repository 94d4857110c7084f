"""The answers given last, for whoever asks the same again of the same articles."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from weakref import ReferenceType, ref

from retrieval.answering import Library
from retrieval.answers import Answer, Timings
from retrieval.conversation import Turn

_REMEMBERED: Final = 64
"""Answers of each server; each is a few kilobytes beside the articles that it quotes."""
_SERVERS: Final = 256

Key = tuple[str, tuple[Turn, ...], int]


@dataclass(slots=True)
class _Remembered:
    """What was answered from one library, which is another as soon as anything in it changes."""

    library: ReferenceType[Library]
    answers: OrderedDict[Key, Answer] = field(default_factory=OrderedDict)


class RecentAnswers:
    """Remembers answers by server, question, conversation and length. Safe to share by threads.

    Nobody is answered from what another server has asked, nor from articles as they were.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: OrderedDict[int | None, _Remembered] = OrderedDict()

    def answer(
        self,
        server: int | None,
        library: Library,
        question: str,
        history: Sequence[Turn],
        top: int,
        make: Callable[[], Answer],
    ) -> Answer:
        """The answer as it was given before, or as ``make`` gives it; what that raises, raised."""
        key = (question, tuple(history), top)
        with self._lock:
            kept = self._servers.get(server)
            known = (
                kept.answers.get(key) if kept is not None and kept.library() is library else None
            )
        if known is not None:
            return replace(known, took_ms=Timings(encode=0.0, search=0.0, rerank=0.0, total=0.0))
        made = make()
        with self._lock:
            kept = self._servers.get(server)
            if kept is None or kept.library() is not library:
                kept = self._servers[server] = _Remembered(ref(library))
            kept.answers[key] = made
            while len(kept.answers) > _REMEMBERED:
                kept.answers.popitem(last=False)
            self._servers.move_to_end(server)
            while len(self._servers) > _SERVERS:
                self._servers.popitem(last=False)
        return made

    def forget(self, server: int | None) -> None:
        """Remember nothing of a server any more."""
        with self._lock:
            self._servers.pop(server, None)
