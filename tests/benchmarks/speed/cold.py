"""``footnote ask`` in a new process, over ``import sentence_transformers`` in another.

    python -m tests.benchmarks.speed.cold [QUESTION] [--articles DIR] [--rounds 7] [--json OUT]

Everything is prepared: the first ask, which builds the index over the articles (the ones that ship
with the bot by default), is not counted. What it is compared with is what a program pays that uses
sentence-transformers, before it has even loaded its model. Both take turns; besides the clock's
time, the details have that of the processor, which other programs disturb less.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.conftest import SEEDS

AIM = 0.25
QUESTION = "When was Haftar's offensive called Operation Dignity?"
_ROOT = Path(__file__).parents[3]


def measure(question: str, articles: Path, data: Path, rounds: int) -> list[Result]:
    """The ratio of the medians; ``data`` is an empty folder."""
    ask = [sys.executable, "-m", "bot", "--data-dir", str(data), "--corpus", str(articles), "ask"]
    commands = {
        "ask": [*ask, question],
        "import": [sys.executable, "-c", "import sentence_transformers"],
    }
    for command in commands.values():
        _run(command, data)
    clock: dict[str, list[float]] = {name: [] for name in commands}
    work: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            start = time.perf_counter()
            _run(command, data)
            clock[name].append(time.perf_counter() - start)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            work[name].append(spent)
    middle = {name: median(times) for name, times in clock.items()}
    return [
        Result(
            what="footnote ask from a cold start, over importing sentence-transformers",
            value=middle["ask"] / middle["import"],
            aim=AIM,
            details={
                "ask, median s": middle["ask"],
                "import, median s": middle["import"],
                "ask, median s of the processor": median(work["ask"]),
                "import, median s of the processor": median(work["import"]),
                "ratio of the processor's": median(work["ask"]) / median(work["import"]),
            },
        )
    ]


def _run(command: Sequence[str], folder: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(_ROOT)}
    # Away from the checkout, so that no .env of its developer is read.
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, cwd=folder, env=environment, timeout=600
    )


def main() -> None:
    arguments = parser("cold", __doc__, files=False)
    arguments.add_argument("question", nargs="?", default=QUESTION)
    arguments.add_argument("--articles", type=Path, default=SEEDS, metavar="DIR")
    arguments.add_argument("--rounds", type=int, default=7)
    given = arguments.parse_args()
    with folder() as data:
        results = measure(given.question, given.articles.resolve(), data, given.rounds)
    show(results, given.json)


if __name__ == "__main__":
    main()
