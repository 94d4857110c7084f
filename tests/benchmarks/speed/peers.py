"""Footnote beside txtai and LangChain, each with the same model over the same passages.

    python -m tests.benchmarks.speed.peers FILE.json [...] [--padding FILE ...] [--passages 5000]
                                           [--questions 300] [--python PYTHON] [--json OUT]

Compared are the median time of a question and how often the first passage holds the answer. The
peers are set up as their documentation does it first: txtai with ``hybrid=True``, LangChain's
FAISS store with ``HuggingFaceEmbeddings`` (see ``peer``). All run all-MiniLM-L6-v2, the peers from
the folder of the package that Footnote takes it from. Each peer is a process of its own, run by
PYTHON, an interpreter with the extra ``benchmarks`` that need not be this one; a question goes to
all before the next one does, and each measures for itself how long it takes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import fmean, median
from time import perf_counter
from typing import Any

from bot.assembly import make_encoder
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.encoders import packaged
from tests.benchmarks.speed import peer
from tests.benchmarks.speed.command import add_padding, folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.texts import Asked, Texts, read_texts

FASTER = 3.0
NAMES: Mapping[str, str] = {"txtai": "txtai's hybrid search", "langchain": "LangChain with FAISS"}
_WARM_UP = 10

Search = Callable[[str], tuple[int, float]]
"""A question to the number of the first passage and the milliseconds that it took."""


def measure(texts: Texts, within: Path, python: str, questions: int) -> list[Result]:
    """Each peer's time over Footnote's, and Footnote's recall beside each one's."""
    asked = _spread(texts.questions, questions + _WARM_UP)
    with ExitStack() as running:
        ways: dict[str, Search] = {
            "footnote": running.enter_context(_footnote(texts, within)),
            **{name: running.enter_context(_peer(name, texts, python)) for name in NAMES},
        }
        took: dict[str, list[float]] = {name: [] for name in ways}
        right: dict[str, list[bool]] = {name: [] for name in ways}
        for number, question in enumerate(asked):
            for name, search in ways.items():
                best, milliseconds = search(question.text)
                if number >= _WARM_UP:
                    took[name].append(milliseconds)
                    right[name].append(best in question.answered_by)
    middle = {name: median(times) for name, times in took.items()}
    recall = {name: 100 * fmean(found) for name, found in right.items()}
    size = {
        "passages": len(texts.passages),
        "of them made": texts.synthetic,
        "questions": len(asked) - _WARM_UP,
    }
    results = []
    for name, shown in NAMES.items():
        details = {
            f"{shown}, median ms": middle[name],
            "Footnote, median ms": middle["footnote"],
        }
        results.append(
            Result(
                what=f"The time of {shown}, over Footnote's",
                value=middle[name] / middle["footnote"],
                aim=FASTER,
                at_least=True,
                details=details | size,
            )
        )
        results.append(
            Result(
                what=f"Footnote's first passage is right, beside {shown}'s",
                value=recall["footnote"],
                aim=recall[name],
                at_least=True,
                unit="%",
            )
        )
    return results


@contextmanager
def _footnote(texts: Texts, within: Path) -> Iterator[Search]:
    texts.write(within / "articles")
    data = within / "data"
    number = {text: place for place, text in enumerate(texts.passages)}
    answerer = Answerer(make_encoder(packaged.NAME, data))
    with Corpora(data, answerer, [within / "articles"]) as corpora:
        corpora.open()

        def search(question: str) -> tuple[int, float]:
            start = perf_counter()
            answer = corpora.ask(question)
            took = (perf_counter() - start) * 1000
            first = answer.passages[0].passage
            said = first.span.of(corpora.articles()[first.article].text)
            return number.get(" ".join(said.split()), -1), took

        yield search


@contextmanager
def _peer(name: str, texts: Texts, python: str) -> Iterator[Search]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    process = subprocess.Popen(
        [python, str(Path(peer.__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    with process:
        assert process.stdin is not None

        def exchange(value: object) -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(value) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"{NAMES[name]} has ended. Has {python} the extra `benchmarks`?")
            found: dict[str, Any] = json.loads(line)
            return found

        def search(question: str) -> tuple[int, float]:
            found = exchange(question)
            return found["best"], found["ms"]

        model = str(packaged.model_folder())
        exchange({"peer": name, "model": model, "passages": texts.passages})
        yield search
        process.stdin.close()


def _spread(questions: Sequence[Asked], count: int) -> Sequence[Asked]:
    """So many of the questions, from everywhere among them."""
    return questions[:: max(1, len(questions) // count)][:count]


def main() -> None:
    arguments = parser("peers", __doc__, model=False)
    add_padding(arguments, 5000)
    arguments.add_argument("--questions", type=int, default=300)
    arguments.add_argument("--python", default=sys.executable, help="that has the peers")
    given = arguments.parse_args()
    with folder() as within:
        texts = read_texts(given.files, given.padding, given.passages)
        results = measure(texts, within, given.python, given.questions)
    show(results, given.json)


if __name__ == "__main__":
    main()
