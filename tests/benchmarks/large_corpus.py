"""What a corpus of thousands of articles costs: to build, to add to, to open again, and to ask.

    python -m tests.benchmarks.large_corpus [--articles N] [--profile] [--without-model]

Each step runs in a process of its own, so that its memory is its own. Counts are asserted; times
are printed, with the machine's other work in them. With --profile each step prints where its time
went. Encoding takes by far the longest; --without-model puts a table of random vectors in its
place, and shows what the rest costs.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from retrieval.answering import Answerer
from retrieval.articles import Article
from retrieval.corpus import Corpora, Report, Upload
from retrieval.encoders import Encoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.limits import Limits
from retrieval.preparation import prepare
from retrieval.readers.documents import Document
from retrieval.sandbox import Sandbox
from tests.table_encoder import TableEncoder

ARTICLES: Final = 10_000
SERVER: Final = 101
_SAMPLED: Final = 300
"""Files through the sandbox, for its own figure."""
_WHO: Final = ("The council", "A fisherman", "The ministry", "A young doctor", "The port authority")
_DID: Final = ("opened", "closed", "inspected", "rebuilt", "described", "sold", "discovered")
_WHAT: Final = ("a bridge", "the old mill", "a reservoir", "the grain market", "a school", "a ship")
_WHERE: Final = ("near the river", "outside the walls", "on the northern road", "by the harbour")
_WHY: Final = (
    "because the winter had been long",
    "after the residents had asked for years",
    "although money was short",
    "to the surprise of its neighbours",
)
_SYLLABLES: Final = ("ka", "ro", "mi", "ven", "tas", "lo", "dri", "shu", "bel", "an", "gor", "ey")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.large_corpus")
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--without-model", action="store_true")
    parser.add_argument("--step", choices=sorted(_STEPS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        encoder = TableEncoder() if arguments.without_model else SentenceTransformerEncoder()
        _step(arguments.step, arguments.folder, encoder, profile=arguments.profile)
        return
    with tempfile.TemporaryDirectory(prefix="large-corpus-") as folder:
        options = ["--profile"] if arguments.profile else []
        options += ["--without-model"] if arguments.without_model else []
        _measure(Path(folder), arguments.articles, options)


def write_articles(folder: Path, count: int) -> None:
    """So many articles of one to three paragraphs, no two of them alike."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"article-{number:05}.txt").write_text(text_of(number), "utf-8")


def text_of(number: int) -> str:
    """An article about one town, whose name is in every paragraph."""
    random = Random(number)
    town = town_of(number)
    paragraphs = [
        " ".join(_sentence(random, town if first else "the town") for first in (True, False))
        for _ in range(random.randint(1, 3))
    ]
    return "\n\n".join([f"News from {town}", *paragraphs])


def town_of(number: int) -> str:
    """The name of a town, one word that no other article has."""
    name, left = "", number
    for _ in range(4):
        left, syllable = divmod(left, len(_SYLLABLES))
        name += _SYLLABLES[syllable]
    return name.title()


def _sentence(random: Random, where: str) -> str:
    year, cost = random.randint(1800, 2020), random.randint(1000, 99_000)
    return (
        f"{random.choice(_WHO)} of {where} {random.choice(_DID)} {random.choice(_WHAT)} "
        f"{random.choice(_WHERE)} in {year} {random.choice(_WHY)}, at a cost of {cost} crowns."
    )


def _measure(folder: Path, articles: int, options: Sequence[str]) -> None:
    write_articles(folder / "articles", articles)
    found: dict[str, Any] = {}
    for step in _STEPS:
        command = [sys.executable, "-m", "tests.benchmarks.large_corpus", "--step", step]
        command += ["--folder", str(folder), *options]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        found |= json.loads(done.stdout)
        print(f"{step} done", file=sys.stderr, flush=True)
    for name, value in found.items():
        shown = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
        print(f"{name:58} {shown:>12}")
    assert found["articles"] == articles
    assert found["first build: passages encoded"] == found["passages"]
    assert found["add to the shared: passages encoded"] == found["add to the shared: its passages"]
    assert found["add to a server: passages encoded"] == found["add to a server: its passages"]
    assert found["one file changed: passages encoded"] == found["one file changed: its passages"]
    assert found["restart: passages encoded"] == 0


def _step(name: str, folder: Path, encoder: Encoder, *, profile: bool) -> None:
    # Loading the model takes the same time whatever the articles.
    encoder.encode_question("warm")
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    found = dict(_STEPS[name](folder, encoder))
    if profile:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
    found[f"{name}: most memory (MB)"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(found))


def _sandbox(folder: Path, _: Encoder) -> Mapping[str, float]:
    files = sorted((folder / "articles").iterdir())[:_SAMPLED]
    with Sandbox(Limits()) as sandbox:
        sandbox.read(Document("first.txt", b"The first starts it.", "text"), "first")
        start = time.perf_counter()
        for file in files:
            sandbox.read(Document(file.name, file.read_bytes(), "text"), file.stem)
        there = time.perf_counter() - start
    return {"sandbox: a file (ms)": there / len(files) * 1000}


def _build(folder: Path, encoder: Encoder) -> Mapping[str, float]:
    with _corpora(folder, encoder) as corpora:
        report, seconds = _timed(corpora.open)
        assert isinstance(report, Report)
        status = corpora.shared.status()
        return {
            "articles": status.articles,
            "passages": status.passages,
            "first build: passages encoded": report.encoded,
            **_both("first build", seconds),
        }


def _add(folder: Path, encoder: Encoder) -> Mapping[str, float]:
    found: dict[str, float] = {}
    with _corpora(folder, encoder) as corpora:
        corpora.open()
        for number, (name, corpus) in enumerate(
            {"the shared": corpora.shared, "a server": corpora.server(SERVER)}.items()
        ):
            upload = Upload(f"upload-{number}.txt", text_of(10**6 + 1 + number).encode())
            report, seconds = _timed(partial(corpus.add, upload))
            found[f"add to {name}: its passages"] = _passages(upload.content.decode())
            found[f"add to {name}: passages encoded"] = report.encoded
            found |= _both(f"add to {name}", seconds)
        file = min((folder / "articles").iterdir())
        file.write_text(text_of(10**6), "utf-8")
        report, seconds = _timed(corpora.shared.reload)
        found["one file changed: its passages"] = _passages(file.read_text("utf-8"))
        found["one file changed: passages encoded"] = report.encoded
        found |= _both("one file changed: reload", seconds)
        _, seconds = _timed(corpora.shared.reload)
        found |= _both("nothing changed: reload", seconds)
    return found


def _restart(folder: Path, encoder: Encoder) -> Mapping[str, float]:
    with _corpora(folder, encoder) as corpora:
        report, seconds = _timed(corpora.open)
        asked = f"What was opened in {town_of(777)}?"
        _, first = _timed(lambda: corpora.ask(asked))
        _, second = _timed(lambda: corpora.ask(f"What was opened in {town_of(778)}?"))
        _, servers = _timed(lambda: corpora.ask(asked, server=SERVER))
        _, again = _timed(lambda: corpora.ask(asked, server=SERVER))
        status, status_seconds = _timed(corpora.shared.status)
        return {
            "restart: passages encoded": report.encoded,
            **_both("restart: open", seconds),
            "restart: first question (ms)": first.wall * 1000,
            "restart: second question (ms)": second.wall * 1000,
            "restart: first question of a server (ms)": servers.wall * 1000,
            "restart: its second question (ms)": again.wall * 1000,
            "status (s)": status_seconds.wall,
            "on disk (MB)": status.bytes_on_disk // 1024**2,
        }


_STEPS: Final[Mapping[str, Callable[[Path, Encoder], Mapping[str, float]]]] = {
    "sandbox": _sandbox,
    "build": _build,
    "add": _add,
    "restart": _restart,
}


def _corpora(folder: Path, encoder: Encoder) -> Corpora:
    return Corpora(folder / "data", Answerer(encoder), [folder / "articles"])


class _Seconds(NamedTuple):
    """By the clock, and of work in this process, whatever else the machine does."""

    wall: float
    work: float


def _timed(act: Callable[[], Any]) -> tuple[Any, _Seconds]:
    wall, work = time.perf_counter(), time.process_time()
    found = act()
    return found, _Seconds(time.perf_counter() - wall, time.process_time() - work)


def _both(name: str, seconds: _Seconds) -> dict[str, float]:
    return {f"{name} (s)": seconds.wall, f"{name} (s of this process's work)": seconds.work}


def _passages(text: str) -> int:
    return len(prepare(Article("any", "Any", text)).passages)


if __name__ == "__main__":
    main()
