"""A thousand servers with articles of their own, in one process.

    python -m tests.benchmarks.speed.servers [--servers 1000] [--passages 20] [--json OUT]

Every server adds one article, and asks about it: what one collection takes of the memory, how long
it takes to open one that nobody has asked for a while, and what asking costs once it is open. The
encoder is a table of random vectors, as only what is around it is measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

from retrieval.answering import Answerer
from retrieval.corpus import Corpora, Upload
from retrieval.corpus.corpora import RELEASED_AFTER
from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.synthetic import SyntheticPassages
from tests.table_encoder import TableEncoder

SHARED = "The shared collection has one article, and this is all that it says.\n"


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = datetime(2031, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def articles(count: int, passages: int) -> Iterator[bytes]:
    """So many articles of so many paragraphs each."""
    texts = (
        text for block in SyntheticPassages(count * passages).blocks() for text in block.texts()
    )
    for _ in range(count):
        yield "\n\n".join(next(texts) for _ in range(passages)).encode()


def resident() -> float:
    """What this process has in memory, in MB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def measure(within: Path, servers: int, passages: int) -> list[Result]:
    """The memory and the times of so many collections; ``within`` is an empty folder."""
    shared = within / "shared.md"
    shared.write_text(SHARED, "utf-8")
    said: dict[int, str] = {}
    with Corpora(within / "data", Answerer(TableEncoder()), [shared]) as corpora:
        corpora.open()
        for server, content in enumerate(articles(servers, passages), start=1):
            corpora.server(server).add(Upload(f"article-{server}.md", content))
            said[server] = content.decode()[:80]
    # Another process: this one has memory to use again.
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        return fresh.submit(_ask, within, said, passages).result()


def _ask(within: Path, said: dict[int, str], passages: int) -> list[Result]:
    clock, servers = Clock(), len(said)
    answerer = Answerer(TableEncoder())
    with Corpora(within / "data", answerer, [within / "shared.md"], clock=clock) as corpora:
        corpora.open()
        corpora.ask("Is there anything?")
        before = resident()
        order = random.Random(1).sample(sorted(said), servers)
        opening = [_asked(corpora, server, f"{said[server]}?") for server in order]
        taken = resident() - before
        open_already = [_asked(corpora, server, f"Who said {said[server]}?") for server in order]
        clock.now += RELEASED_AFTER
        released = len(corpora.release_idle())
    return [
        Result(
            what=f"Memory of a collection of {passages} passages, {servers:,} of them open",
            value=taken / servers,
            aim=2.0,
            unit="MB",
            details={
                "all of them, MB": taken,
                "first question, opening included, ms": median(opening),
                "next question, ms": median(open_already),
                "let go of when idle": released,
            },
        )
    ]


def _asked(corpora: Corpora, server: int, question: str) -> float:
    start = perf_counter()
    answer = corpora.ask(question, server=server)
    took = (perf_counter() - start) * 1000
    if not answer.passages:
        raise RuntimeError(f"server {server} was not answered")
    return took


def main() -> None:
    arguments = parser("servers", __doc__, files=False)
    arguments.add_argument("--servers", type=int, default=1000)
    arguments.add_argument("--passages", type=int, default=20)
    given = arguments.parse_args()
    with folder() as within:
        results = measure(within, given.servers, given.passages)
    show(results, given.json)


if __name__ == "__main__":
    main()
