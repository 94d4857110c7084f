"""Questions that come together are encoded together, and those asked again not at all."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from retrieval.encoders import Encoder, Encoding, Progress
from retrieval.encoders.priority import processors

MOST_TOGETHER: Final = 16
"""Questions. More make none cheaper, and everybody waits longer for the result."""
REMEMBERED: Final = 256
"""Encodings of questions, each some 10 KB: whoever turns a page asks the same again."""
_SHORT: Final = 40
"""Characters: texts that are no longer are all alike."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A question. ``turn`` is set when it has a result, or when its own thread is to make it."""

    text: str
    context: str
    turn: threading.Event = field(default_factory=threading.Event)
    encoding: Encoding | None = None
    error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        return self.encoding is not None or self.error is not None

    def is_like(self, other: _Asked) -> bool:
        """Whether the two may well be encoded together: little is padding then."""
        lengths = [len(asked.text) + len(asked.context) for asked in (self, other)]
        return max(lengths) <= 2 * min(lengths) + _SHORT


class BatchingEncoder:
    """Encodes with another encoder, which sees the questions of many threads in few passes.

    Nobody waits for company: whoever comes while no pass runs on one of the processors begins one.
    Whoever comes while all of them run is in the next one, with all others that came meanwhile
    (group commit, DeWitt et al. 1984). There are no threads of its own: the first of those who wait
    does the work for all.

    Args:
        passes: How many may run at a time; one a processor where not given.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        passes: int | None = None,
        most: int = MOST_TOGETHER,
        remembered: int = REMEMBERED,
    ) -> None:
        self._encoder = encoder
        self._most = most
        self._lock = threading.Lock()
        self._free = passes or processors()
        self._waiting: list[_Asked] = []
        self._remembered = remembered
        self._known: OrderedDict[tuple[str, str], Encoding] = OrderedDict()

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def runtime(self) -> str:
        return self._encoder.runtime

    def load(self) -> object:
        return self._encoder.load()

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def is_word(self, word: str) -> bool:
        return self._encoder.is_word(word)

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        return self._encoder.encode_sentences(texts, progress)

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        return self._encoder.encode_stream(texts)

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        return self._encoder.encode_questions(asked)

    def encode_question(self, text: str, context: str = "") -> Encoding:
        key = (text, context)
        own = _Asked(text, context)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
            leads = self._free > 0
            if leads:
                self._free -= 1
            else:
                self._waiting.append(own)
        if not leads:
            self._wait(own)
        if not own.is_over:
            self._lead(own)
        if own.encoding is None:
            assert own.error is not None  # noqa: S101  # is_over
            raise own.error
        with self._lock:
            self._known[key] = own.encoding
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)
        return own.encoding

    def _wait(self, own: _Asked) -> None:
        try:
            own.turn.wait()
        except BaseException:  # Ctrl+C: the others must not wait for this thread.
            with self._lock:
                if own in self._waiting:
                    self._waiting.remove(own)
                elif own.turn.is_set() and not own.is_over:
                    self._hand_on()
            raise

    def _lead(self, own: _Asked) -> None:
        """Encode a question and what is waiting, then let another thread go on."""
        batch = [own]
        try:
            with self._lock:
                batch += [asked for asked in self._waiting if asked.is_like(own)][: self._most - 1]
                self._waiting = [asked for asked in self._waiting if asked not in batch]
            self._encode(batch)
        finally:
            with self._lock:
                for asked in batch:
                    if not asked.is_over:  # Ctrl+C again.
                        asked.error = RuntimeError("The encoding was interrupted.")
                    asked.turn.set()
                self._hand_on()

    def _hand_on(self) -> None:
        """Let whoever waits longest begin a pass. Called under the lock."""
        if self._waiting:
            self._waiting.pop(0).turn.set()
        else:
            self._free += 1

    def _encode(self, batch: Sequence[_Asked]) -> None:
        try:
            found = self._encoder.encode_questions([(a.text, a.context) for a in batch])
            for asked, encoding in zip(batch, found, strict=True):
                asked.encoding = _unchangeable(encoding)
        except Exception as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            # It may be the fault of one of them: the others must not suffer for it.
            for asked in batch:
                self._encode([asked])


def _unchangeable(encoding: Encoding) -> Encoding:
    """The same encoding, which several threads are about to share."""
    for array in (encoding.vector, encoding.tokens.vectors, encoding.tokens.ids, encoding.spans):
        array.flags.writeable = False
    return encoding
