"""Questions a second with many asking at once, over one asker who waits for each answer.

    python -m tests.benchmarks.speed.askers FILE.json [...] [--askers 64] [--rounds 5] [--json OUT]

The aim is for two processors. Each question is a new one; both are measured in turn, several
times, and compared by the medians of their rates.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

from bot.assembly import make_encoder
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.texts import Texts, never_asked, read_texts
from tests.benchmarks.speed.timing import seconds

AIM = 1.8


def measure(texts: Texts, within: Path, model: str, askers: int, rounds: int) -> list[Result]:
    """The ratio over so many rounds; ``within`` is an empty folder."""
    texts.write(within / "articles")
    fresh = never_asked([asked.text for asked in texts.questions])
    data = within / "data"
    answerer = Answerer(make_encoder(model, data))
    rates: dict[str, list[float]] = {"alone": [], "together": []}
    with (
        Corpora(data, answerer, [within / "articles"]) as corpora,
        ThreadPoolExecutor(askers) as crowd,
    ):
        corpora.open()
        ways: dict[str, Callable[[list[str]], object]] = {
            "alone": lambda questions: [corpora.ask(question) for question in questions],
            "together": lambda questions: list(crowd.map(corpora.ask, questions)),
        }
        # Each asker has asked before it is measured, which starts its thread.
        ways["together"](list(islice(fresh, askers)))
        for _ in range(rounds):
            for name, ask in ways.items():
                questions = list(islice(fresh, 2 * askers))
                took = seconds(partial(ask, questions))
                rates[name].append(len(questions) / took)
    alone, together = median(rates["alone"]), median(rates["together"])
    return [
        Result(
            what=f"Questions a second with {askers} askers, over one asker",
            value=together / alone,
            aim=AIM,
            at_least=True,
            details={
                "together, questions/s": together,
                "alone, questions/s": alone,
                "processors": os.cpu_count() or 1,
            },
        )
    ]


def main() -> None:
    arguments = parser("askers", __doc__)
    arguments.add_argument("--askers", type=int, default=64)
    arguments.add_argument("--rounds", type=int, default=5)
    given = arguments.parse_args()
    with folder() as within:
        texts = read_texts(given.files)
        results = measure(texts, within, given.model, given.askers, given.rounds)
    show(results, given.json)


if __name__ == "__main__":
    main()
