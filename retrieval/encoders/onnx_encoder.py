"""An exported model in ONNX Runtime: quick to load, small in memory, on every core."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from retrieval.encoders import Encoding, Floats, Progress
from retrieval.encoders.exports import GRAPH, TOKENIZER, DamagedExport, Export, WeightsCheck
from retrieval.encoders.priority import Priority, give_way, processors
from retrieval.encoders.windows import Window, Windows, joined

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SENTENCE: Final = "sentence"
TOKENS: Final = "tokens"
IDS: Final = "input_ids"
MASK: Final = "attention_mask"

_PASS_TOKENS: Final = 512
"""Of one forward pass, padding included. From some 200 on, more make no token cheaper."""
_SHORT_PASS_TOKENS: Final = 128
"""The same while questions are asked: about 20 ms, in which one may have to wait for a core."""
_SORTED_TOGETHER: Final = (128, 256, 512, 1024)
"""Texts of which like lengths are brought together: of a thousand less than 2 % is padding. They
are fewer at first, so that the beginning need not wait for what is still being read."""
PASS_COST: Final = 16
"""In tokens: what a pass costs besides its own, since it reads the weights once. So much padding is
worth another."""
_PAD: Final = 0
"""The id under a mask of zero, which the model does not look at."""


@dataclass(frozen=True, slots=True)
class _Text:
    number: int
    windows: list[Window]

    @property
    def length(self) -> int:
        return sum(len(window.ids) for window in self.windows)


class OnnxEncoder:
    """Encodes with the export of a model. Its encodings are the model's own.

    Questions go before sentences: while they are asked, sentences are encoded by one thread and in
    small steps.

    Raises:
        DamagedExport: The files are not those that were written, or ONNX Runtime cannot use them.
    """

    def __init__(self, export: Export, name: str) -> None:
        self._name = name
        self._prompts = export.prompts
        self._priority = Priority()
        check = WeightsCheck(export)
        try:
            self._windows = Windows(export.folder / TOKENIZER, export.window)
            self._session = _session(export.folder / GRAPH)
        except Exception as error:  # The libraries raise bare exceptions of many kinds.
            check.finish()
            raise DamagedExport(f"It cannot be loaded: {error}") from error
        check.finish()

    @property
    def name(self) -> str:
        return self._name

    @property
    def runtime(self) -> str:
        import onnxruntime

        return f"ONNX Runtime {onnxruntime.__version__}"

    def load(self) -> object:
        return self._session  # It is there from the beginning.

    @property
    def dimensions(self) -> int:
        return int(self._session.get_outputs()[0].shape[-1])

    def is_word(self, word: str) -> bool:
        return self._windows.is_word(word)

    def encode_question(self, text: str, context: str = "") -> Encoding:
        return self.encode_questions([(text, context)])[0]

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        with self._priority.question():
            prompt = self._prompt("query")
            prompts = [prompt + (f"{context} " if context else "") for _, context in asked]
            texts = [before + text for before, (text, _) in zip(prompts, asked, strict=True)]
            windows = self._windows.of(texts)
            return self._encode(windows, [len(before) for before in prompts], _PASS_TOKENS)

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        found: dict[int, Encoding] = {}
        for number, encoding in self.encode_stream(texts):
            found[number] = encoding
            if progress is not None and (len(found) == len(texts) or len(found) % 16 == 0):
                progress(len(found), len(texts))
        return [found[number] for number in range(len(texts))]

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        count = processors()
        ahead: deque[Future[list[tuple[int, Encoding]]]] = deque()
        # Threads of its own: one that has given way can never go first again.
        with ThreadPoolExecutor(count, "encode", initializer=give_way) as pool:
            try:
                for batch in self._batches(texts):
                    ahead.append(pool.submit(self._encode_batch, batch))
                    if len(ahead) > 2 * count:
                        yield from ahead.popleft().result()
                while ahead:
                    yield from ahead.popleft().result()
            finally:
                for future in ahead:
                    future.cancel()

    def _batches(self, texts: Iterable[str]) -> Iterator[list[_Text]]:
        """All texts, some of like length at a time, the longest of a thousand first."""
        prompt = self._prompt("document")
        numbered = enumerate(texts)
        sizes = chain(_SORTED_TOGETHER, repeat(_SORTED_TOGETHER[-1]))
        while some := list(islice(numbered, next(sizes))):
            windows = self._windows.of([prompt + text for _, text in some])
            found = [_Text(number, own) for (number, _), own in zip(some, windows, strict=True)]
            lengths = [text.length for text in found]
            for batch in alike(lengths, _PASS_TOKENS):
                yield [found[place] for place in batch]

    def _encode_batch(self, batch: Sequence[_Text]) -> list[tuple[int, Encoding]]:
        skipped = [len(self._prompt("document"))] * len(batch)
        found = self._encode([text.windows for text in batch], skipped, None)
        return [(text.number, encoding) for text, encoding in zip(batch, found, strict=True)]

    def _encode(
        self, texts: Sequence[Sequence[Window]], skipped: Sequence[int], most: int | None
    ) -> list[Encoding]:
        """The encoding of each text from its windows.

        Args:
            skipped: The length of what comes before each text.
            most: Tokens of a pass; where not given, it is work that gives way to questions.
        """
        windows = [window for own in texts for window in own]
        vectors: dict[int, Floats] = {}
        states: dict[int, Floats] = {}
        rest = list(range(len(windows)))
        while rest:
            # Decided anew each time: somebody may have asked meanwhile.
            room = most or (_SHORT_PASS_TOKENS if self._priority.is_asked else _PASS_TOKENS)
            places = alike([len(windows[place].ids) for place in rest], room)[0]
            batch = [rest[place] for place in places]
            if most:
                made = self._run([windows[place] for place in batch])
            else:
                with self._priority.background():
                    made = self._run([windows[place] for place in batch])
            for place, vector, state in zip(batch, *made, strict=True):
                vectors[place], states[place] = vector, state
            done = set(batch)
            rest = [place for place in rest if place not in done]
        found = []
        first = 0
        for own, before in zip(texts, skipped, strict=True):
            of_text = range(first, first + len(own))
            found.append(
                joined(own, [vectors[p] for p in of_text], [states[p] for p in of_text], before)
            )
            first += len(own)
        return found

    def _run(self, windows: Sequence[Window]) -> tuple[Sequence[Floats], Sequence[Floats]]:
        """One forward pass: the vector of each window, and the states of its tokens."""
        lengths = [len(window.ids) for window in windows]
        ids = np.full((len(windows), max(lengths)), _PAD, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : lengths[row]] = window.ids
            mask[row, : lengths[row]] = 1
        made: Any = self._session.run([SENTENCE, TOKENS], {IDS: ids, MASK: mask})
        pooled, states = made
        return list(pooled), [state[:length] for state, length in zip(states, lengths, strict=True)]

    def _prompt(self, kind: str) -> str:
        return self._prompts.get(kind, "")


def alike(lengths: Sequence[int], most: int) -> list[list[int]]:
    """The places of all lengths, those of like length together, the longest first.

    Padded to its longest, each group has at most ``most`` tokens or one member, and at most
    ``PASS_COST`` of them are padding.
    """
    found: list[list[int]] = []
    longest = padding = 0
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        length = lengths[place]
        padding += longest - length
        if not found or longest * (len(found[-1]) + 1) > most or padding > PASS_COST:
            found.append([])
            longest, padding = length, 0
        found[-1].append(place)
    return found


def _session(graph: Path) -> InferenceSession:
    # Nothing leaves the machine, not even that the library was loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    with _without_a_word_of_missing_cards():
        import onnxruntime
    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Passes run beside each other: that wakes no threads, and wastes none of two cores.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # The export is optimized already.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        str(graph),
        options,
        # Otherwise the memory for a pass is doubled whenever it is too small.
        providers=[("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})],
    )


@contextmanager
def _without_a_word_of_missing_cards() -> Iterator[None]:
    """Keep standard error free from a warning that no setting of the library silences.

    It looks for graphics cards when it is imported, and finds some that are none, as in virtual
    machines (microsoft/onnxruntime#27092).
    """
    cards = Path("/sys/class/drm").glob("card[0-9]")
    if sys.platform != "linux" or all((card / "device/vendor").exists() for card in cards):
        yield
        return
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
