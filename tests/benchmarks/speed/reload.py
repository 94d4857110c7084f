"""How long answers take while the articles are loaded anew, over how long they take otherwise.

    python -m tests.benchmarks.speed.reload FILE.json [...] [--passages 10000] [--changed 0.05]
                                            [--rounds 3] [--folder DIR] [--json OUT]

Questions come at a steady rate, whether those before are answered or not; an answer's time counts
from when its question was due. In each round they come for a while in peace, then one in twenty of
the articles changes (all of them with ``--changed 1``) and the whole collection is loaded anew,
which encodes what is new and builds the index over all passages. Compared is the 99th percentile
of all rounds' answers. The first build encodes every passage, which takes long; with ``--folder``
it is kept for the next run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from bot.assembly import make_encoder
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from tests.benchmarks.speed.command import add_padding, folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.texts import Texts, never_asked, read_texts
from tests.benchmarks.speed.timing import percentile

AIM = 2.0
_THREADS = 16
_LEAST = 10.0
"""Seconds of peace in a round, and as long as the reload of the round before took where longer."""


@dataclass
class Stream:
    """Questions at a steady rate, from a thread of its own.

    Attributes:
        rate: Questions a second.
    """

    ask: Callable[[str], object]
    questions: Iterator[str]
    rate: float
    _times: list[float] = field(default_factory=list)

    def during(self, act: Callable[[], object]) -> list[float]:
        """Seconds from when each question was due to its answer, of those due during ``act``."""
        ended = threading.Event()
        with ThreadPoolExecutor(_THREADS) as askers:
            asking = threading.Thread(target=self._ask_until, args=(ended, askers))
            self._times = []
            asking.start()
            try:
                act()
            finally:
                ended.set()
                asking.join()
        return self._times

    def _ask_until(self, ended: threading.Event, askers: ThreadPoolExecutor) -> None:
        due = time.perf_counter()
        under_way: list[Future[float]] = []
        while not ended.wait(max(0.0, due - time.perf_counter())):
            under_way.append(askers.submit(self._answered_after, next(self.questions), due))
            due += 1 / self.rate
        self._times = [answered.result() for answered in under_way]

    def _answered_after(self, question: str, due: float) -> float:
        self.ask(question)
        return time.perf_counter() - due


def measure(
    texts: Texts, within: Path, model: str, *, changed: float, rounds: int, rate: float
) -> list[Result]:
    """The ratio over so many rounds.

    Args:
        within: A folder, which may have the collection of a run before.
        changed: The share of the articles that a reload finds changed.
    """
    articles = within / "articles"
    if not articles.exists():
        texts.write(articles)
    files = sorted(articles.iterdir())
    touched = files[:: max(1, round(1 / changed))]
    data = within / "data"
    with Corpora(data, Answerer(make_encoder(model, data)), [articles]) as corpora:
        corpora.open()
        questions = never_asked([asked.text for asked in texts.questions])
        stream = Stream(corpora.ask, questions, rate)
        stream.during(partial(time.sleep, _LEAST / 5))
        calm: list[float] = []
        busy: list[float] = []
        took: list[float] = []
        for _ in range(rounds):
            peace = max([_LEAST, *took[-1:]])
            calm += stream.during(partial(time.sleep, peace))
            _change(touched)
            start = time.perf_counter()
            busy += stream.during(corpora.shared.reload)
            took.append(time.perf_counter() - start)
        passages = corpora.shared.status().passages
    return [
        Result(
            what="p99 of answers during a reload, over p99 without one",
            value=percentile(busy, 0.99) / percentile(calm, 0.99),
            aim=AIM,
            details={
                "during, p99 ms": percentile(busy, 0.99) * 1000,
                "without, p99 ms": percentile(calm, 0.99) * 1000,
                "during, median ms": median(busy) * 1000,
                "without, median ms": median(calm) * 1000,
                "answers during": len(busy),
                "answers without": len(calm),
                "a reload, median s": median(took),
                "passages": passages,
                "articles changed for a reload": len(touched),
            },
        )
    ]


def _change(files: Sequence[Path]) -> None:
    """Give each article another first sentence in each of its paragraphs, never seen before."""
    stamp = time.time_ns()
    for number, file in enumerate(files):
        paragraphs = file.read_text("utf-8").split("\n\n")
        paragraphs = [_unstamped(paragraph) for paragraph in paragraphs]
        stamped = [f"{_STAMP} {stamp + number}{place}. {p}" for place, p in enumerate(paragraphs)]
        file.write_text("\n\n".join(stamped), "utf-8")


_STAMP = "This is the edition with the number"


def _unstamped(paragraph: str) -> str:
    return paragraph.split(". ", 1)[1] if paragraph.startswith(_STAMP) else paragraph


def main() -> None:
    arguments = parser("reload", __doc__)
    add_padding(arguments, 10_000)
    arguments.add_argument("--changed", type=float, default=0.05, help="share of the articles")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--rate", type=float, default=20.0, help="questions a second")
    arguments.add_argument("--folder", type=Path, metavar="DIR", help="keep the collection here")
    given = arguments.parse_args()
    with folder(given.folder) as within:
        texts = read_texts(given.files, given.padding, given.passages)
        results = measure(
            texts,
            within,
            given.model,
            changed=given.changed,
            rounds=given.rounds,
            rate=given.rate,
        )
    show(results, given.json)


if __name__ == "__main__":
    main()
