"""A million passages in one collection: how fast it answers, opens, and what it takes.

    python -m tests.benchmarks.speed.million [--passages 1000000] [--questions 300] [--folder DIR]
                                             [--json OUT]

The passages are made (``synthetic``), and so are their encodings (``made_index``); the index is the
product's own. Making a million takes some 15 minutes and 14 GB in DIR, where it is found again the
next time, or in a temporary folder. A question is some words of a passage with a made encoding at
hand, so that the model's pass is not in the time. Opening and asking have a process of their own,
whose memory is theirs; the files are in the system's cache then as far as they fit.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import numpy as np

from bot.assembly import make_encoder
from bot.settings import DEFAULT_MODEL
from retrieval.answering import Answerer
from retrieval.corpus.generation import Generation
from retrieval.corpus.storage import size_of
from retrieval.engines.embedded.columns import open_columns
from retrieval.halves import to_single
from retrieval.search import CANDIDATES, find, rerank, token_weights
from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.made_index import MadeIndex
from tests.benchmarks.speed.made_questions import MadeQuestion, ReadyMadeEncoder, questions_about
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.synthetic import SyntheticPassages
from tests.benchmarks.speed.timing import percentile

PASSAGES: Final = 1_000_000
QUESTION_AIM: Final = 30.0
MEMORY_AIM: Final = 2500.0
OPENED_AIM: Final = 2.0
RECALL_AIM: Final = 0.97
_BYTES_EACH: Final = 15_000
"""What a passage takes on the disk, rounded up."""
_WARM_UP: Final = 20
_COMPARED: Final = 50
"""Questions whose nearest passages are also found by comparing all."""
_FIRST: Final = 10
_AT_ONCE: Final = 100_000
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking took, in a process that did nothing else.

    Attributes:
        opened: Seconds until the first question can be asked.
        first: Milliseconds that the first question took.
        answers: Milliseconds of each question without its encoding.
        misspelled: The same of questions with a misspelled word.
        parts: Milliseconds of each part, by its name, for other questions.
        memory: Megabytes, by the system's names.
        nearest: The nearest passages of some questions, by their rows.
    """

    opened: float
    first: float
    answers: list[float]
    misspelled: list[float]
    parts: dict[str, list[float]]
    memory: dict[str, float]
    nearest: list[list[int]]


def measure(within: Path, model: str, passages: int, questions: int) -> list[Result]:
    """The figures; what ``within`` holds already is used."""
    built = build(within, model, passages)
    asked = in_a_process(ask, within, model, passages, questions)
    exact = in_a_process(nearest, within, model, passages, questions)
    recall = [
        len(set(found) & set(best)) / _FIRST
        for found, best in zip(asked.nearest, exact, strict=True)
    ]
    size = f"{passages:,} passages"
    return [
        Result(
            what=f"A question in {size}, without the encoder's pass",
            value=median(asked.answers),
            aim=QUESTION_AIM,
            unit="ms",
            details={
                "p90, ms": percentile(asked.answers, 0.9),
                "p99, ms": percentile(asked.answers, 0.99),
                "the first one, ms": asked.first,
                "with a misspelled word, median ms": median(asked.misspelled),
                "with a misspelled word, p90 ms": percentile(asked.misspelled, 0.9),
                **{f"{name}, median ms": median(took) for name, took in asked.parts.items()},
            },
        ),
        Result(
            what=f"Peak memory of a process that asks {size}",
            value=asked.memory["VmHWM"],
            aim=MEMORY_AIM,
            unit="MB",
            details={f"{name}, MB": figure for name, figure in asked.memory.items()},
        ),
        Result(what=f"Opening {size}", value=asked.opened, aim=OPENED_AIM, unit="s"),
        Result(
            what=f"Of the {_FIRST} nearest of {size}, the share that the index finds",
            value=float(np.mean(recall)),
            aim=RECALL_AIM,
            at_least=True,
            unit="",
            details={
                "the worst question": min(recall),
                "to make the index, s": built,
                "on the disk, MB": size_of(within) / 1e6,
            },
        ),
    ]


def in_a_process(act: Callable[..., Found], *arguments: object) -> Found:
    """What ``act`` gives in a new process."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as process:
        return process.submit(act, *arguments).result()


def build(within: Path, model: str, passages: int) -> float:
    """Make the index where it is not there; the seconds that it took.

    Raises:
        SystemExit: There is not enough space.
    """
    if _index(within, model, passages).is_there:
        return 0.0
    needed, free = passages * _BYTES_EACH, shutil.disk_usage(within).free
    if free < needed:
        sys.exit(f"{needed / 1e9:.1f} GB are needed in {within}, and {free / 1e9:.1f} GB are free.")
    return in_a_process(_write, within, model, passages)


def ask(within: Path, model: str, passages: int, questions: int) -> Asked:
    """Open the index and ask so many questions in each of the ways."""
    source = SyntheticPassages(passages)
    asked = list(questions_about(source, 3 * questions + _WARM_UP))
    # Neighbours are of one topic: each way has its own from everywhere.
    warm_up, rest = asked[:: len(asked) // _WARM_UP], [*asked]
    ways = [rest[number::3] for number in range(3)]
    name = make_encoder(model, within).name
    encoder = ReadyMadeEncoder(name, source, asked)
    encoder.encode_question(asked[0].text)
    answerer = Answerer(encoder)
    before = _memory()
    start = time.perf_counter()
    generation = _index(within, model, passages).read()
    opened = time.perf_counter() - start
    after = _memory()

    def answer(text: str) -> float:
        start = time.perf_counter()
        answerer.answer(generation, text)
        return 1000 * (time.perf_counter() - start - encoder.seconds)

    first = answer("Where was the first one of them?")
    for question in warm_up:
        answer(question.text)
    answers = [answer(question.text) for question in ways[0]]
    memory = {
        **_memory(),
        "before it was opened": before["VmRSS"],
        "after it was opened": after["VmRSS"],
    }
    return Asked(
        opened=opened,
        first=first,
        answers=answers,
        misspelled=[answer(question.misspelled) for question in ways[1]],
        parts=_parts(answerer, generation, ways[2]),
        memory=memory,
        nearest=_found(generation, asked),
    )


def nearest(within: Path, model: str, passages: int, questions: int) -> list[list[int]]:
    """The rows of the nearest passages of the questions that ``ask`` has compared."""
    source = SyntheticPassages(passages)
    asked = _compared(list(questions_about(source, 3 * questions + _WARM_UP)))
    vectors = np.stack([question.vector for question in asked])
    segment = next((within / "indexes").glob("segment-*"))
    columns = open_columns(segment)
    starts = columns["sentence_starts"]
    best = np.empty((len(vectors), passages), dtype=np.float32)
    for first in range(0, passages, _AT_ONCE):
        own = starts[first : first + _AT_ONCE + 1]
        cosines = vectors @ to_single(columns["vectors"][own[0] : own[-1]]).T
        best[:, first : first + _AT_ONCE] = np.maximum.reduceat(cosines, own[:-1] - own[0], axis=1)
    return [np.argpartition(-each, _FIRST)[:_FIRST].tolist() for each in best]


def _index(within: Path, model: str, passages: int) -> MadeIndex:
    return MadeIndex(within, SyntheticPassages(passages), make_encoder(model, within))


def _write(within: Path, model: str, passages: int) -> float:
    os.nice(4)
    start = time.perf_counter()
    _index(within, model, passages).write()
    return time.perf_counter() - start


def _compared(asked: Sequence[MadeQuestion]) -> Sequence[MadeQuestion]:
    return asked[:: max(1, len(asked) // _COMPARED)][:_COMPARED]


def _found(generation: Generation, asked: Sequence[MadeQuestion]) -> list[list[int]]:
    """The rows of the passages that the index finds nearest to some of the questions."""
    found = []
    for question in _compared(asked):
        near = generation.engine.candidates(question.vector, (), CANDIDATES)
        found.append(near.rows[np.argsort(-near.dense)[:_FIRST]].tolist())
    return found


def _parts(
    answerer: Answerer, generation: Generation, questions: Sequence[MadeQuestion]
) -> dict[str, list[float]]:
    """Milliseconds that each part of an answer takes, each by itself."""
    engine = generation.engine
    names = ("dense", "dense and lexical", "reranking", "all")
    found: dict[str, list[float]] = {name: [] for name in names}

    def text_of(article: str) -> str:
        return generation.articles[article].text

    for question in questions:
        query = answerer.understand(question.text, next(iter(generation.languages)))
        marks = [time.perf_counter()]
        engine.candidates(query.vector, (), CANDIDATES)
        marks.append(time.perf_counter())
        candidates = find(engine, query)
        marks.append(time.perf_counter())
        rerank(engine, query, token_weights(engine, query), candidates, text_of)
        marks.append(time.perf_counter())
        for name, start, end in zip(names, marks, marks[1:], strict=False):
            found[name].append(1000 * (end - start))
    del found["all"]
    return found


def _memory() -> dict[str, float]:
    """What this process takes, in megabytes, by the system's names for it."""
    status = Path("/proc/self/status").read_text("utf-8")
    found = re.findall(r"^(VmHWM|VmRSS|RssAnon|RssFile):\s+(\d+) kB$", status, re.MULTILINE)
    return {name: int(kilobytes) / 1024 for name, kilobytes in found}


def main() -> None:
    arguments = parser("million", __doc__, files=False)
    arguments.add_argument("--passages", type=int, default=PASSAGES)
    arguments.add_argument("--questions", type=int, default=300, help="in each of three ways")
    arguments.add_argument("--folder", type=Path, metavar="DIR", help="keep the index there")
    arguments.add_argument("--model", default=DEFAULT_MODEL)
    given = arguments.parse_args()
    with folder(given.folder) as within:
        results = measure(within, given.model, given.passages, given.questions)
    show(results, given.json)


if __name__ == "__main__":
    main()
