"""How long a question takes in corpora of growing size, as a picture.

    python -m tests.benchmarks.speed.sizes [--sizes 100 1000 10000 100000] [--questions 100]
                                           [--picture OUT.png] [--json OUT]

The passages are made (``synthetic``), and so are their vectors, because encoding a hundred thousand
takes hours. A question is the words of one of the passages. It goes through the real model, for
the time that this takes, and a made vector of the passage's topic is then put in its vector's
place. All else is the product: reading, indexing, search, reranking, judging, quoting. Of a size,
the questions are asked in turn with the encoder's own passes, which show how busy the machine was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from statistics import median
from typing import Final
from zlib import crc32

import numpy as np

from bot.assembly import make_encoder
from bot.settings import DEFAULT_MODEL
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.encoders import Encoder, Encoding, Progress, Tokens
from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.synthetic import SyntheticPassages, tokens_of
from tests.benchmarks.speed.texts import write_articles
from tests.benchmarks.speed.timing import interleaved, percentile

AIM = 1.3
PICTURE: Final = Path(__file__).parents[1] / "pictures" / "latency.png"
SIZES: Final = (100, 1_000, 10_000, 100_000)
_WARM_UP: Final = 10
_ASKED: Final = slice(2, 9)
"""Which words of a sentence become a question."""
# From Okabe and Ito's palette, told apart by those who do not see all colours.
_BLUE, _ORANGE = "#0072B2", "#D55E00"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds a question at one size: of the answers, and of the encoder beside them."""

    passages: int
    answers: Sequence[float]
    encoder: Sequence[float]


class SyntheticEncoder:
    """Encodes questions with a real model's time, and everything else without a model."""

    def __init__(self, model: Encoder, passages: SyntheticPassages) -> None:
        self._model = model
        self._passages = passages
        self.name = model.name
        self.runtime = "synthetic"

    @property
    def dimensions(self) -> int:
        return self._passages.dimensions

    def load(self) -> object:
        return self._model.load()

    def is_word(self, word: str) -> bool:
        return bool(word)

    def encode_sentences(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Encoding]:
        return list(map(self._made, texts))

    def encode_question(self, text: str, context: str = "") -> Encoding:
        real, made = self._model.encode_question(text, context), self._made(text)
        return Encoding(made.vector, real.tokens, real.spans)

    def encode_stream(self, texts: Iterable[str]) -> Iterator[tuple[int, Encoding]]:
        return enumerate(map(self._made, texts))

    def encode_questions(self, asked: Sequence[tuple[str, str]]) -> list[Encoding]:
        return [self.encode_question(text, context) for text, context in asked]

    def _made(self, text: str) -> Encoding:
        # The words of a topic are rare, and most texts hold one of their own.
        number = crc32(text.encode())
        vector = self._passages.vector_near(number, number)
        words = np.array([crc32(word.encode()) for word in text.split()], dtype=np.int64)
        ids = tokens_of(words % self._passages.vocabulary)
        vectors = self._passages.token_vectors(ids, vector)
        return Encoding(vector, Tokens(vectors.astype(np.float16), ids))


def measure(within: Path, model: str, sizes: Sequence[int], questions: int) -> Iterator[Latency]:
    """The latencies at each size; ``within`` is an empty folder."""
    real = make_encoder(model, within / "model")
    for size in sizes:
        passages = SyntheticPassages(size)
        articles = within / f"articles-{size}"
        texts = list(chain.from_iterable(block.texts() for block in passages.blocks()))
        write_articles(texts, articles)
        answerer = Answerer(SyntheticEncoder(real, passages))
        with Corpora(within / f"data-{size}", answerer, [articles]) as corpora:
            corpora.open()
            ways: dict[str, Callable[[str], object]] = {
                "answer": corpora.ask,
                "encoder": lambda question: real.encode_question(f"And {question}"),
            }
            asked = _questions(texts)
            interleaved(ways, list(islice(asked, _WARM_UP)))
            found = interleaved(ways, list(islice(asked, questions)))
        yield Latency(
            size,
            [1000 * took for took in found["answer"]],
            [1000 * took for took in found["encoder"]],
        )


def draw(latencies: Sequence[Latency], picture: Path) -> None:
    """The median and the range of nine in ten answers, over the size of the corpus."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sizes = [latency.passages for latency in latencies]
    figure, axes = pyplot.subplots(figsize=(7.5, 4.2), dpi=120)
    for name, colour, marker, times in (
        ("a question, from end to end", _BLUE, "o", [latency.answers for latency in latencies]),
        ("of it the encoder", _ORANGE, "s", [latency.encoder for latency in latencies]),
    ):
        middle = [median(found) for found in times]
        axes.plot(sizes, middle, color=colour, marker=marker, label=name)
        low = [percentile(found, 0.05) for found in times]
        high = [percentile(found, 0.95) for found in times]
        axes.fill_between(sizes, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.annotate(
            f"{middle[-1]:.0f} ms",
            (sizes[-1], middle[-1]),
            xytext=(8, 0),
            textcoords="offset points",
            color=colour,
            va="center",
        )
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set(xlabel="passages in the corpus", ylabel="milliseconds", ylim=(0, None))
    axes.set_title("One question by the size of the corpus: median, and 5th to 95th percentile")
    axes.title.set_fontsize(10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False, loc="upper left")
    figure.tight_layout()
    figure.savefig(picture)
    pyplot.close(figure)


def results_of(latencies: Sequence[Latency]) -> list[Result]:
    """How much longer a question takes in the largest corpus than in the smallest."""
    ratios = {
        latency.passages: median(latency.answers) / median(latency.encoder) for latency in latencies
    }
    least, most = latencies[0].passages, latencies[-1].passages
    details = {
        f"{latency.passages:,} passages, median ms": median(latency.answers)
        for latency in latencies
    } | {f"{size:,} passages, over the encoder": ratio for size, ratio in ratios.items()}
    return [
        Result(
            what=f"A question in {most:,} passages, over one in {least:,}, each over its encoder",
            value=ratios[most] / ratios[least],
            aim=AIM,
            details=details,
        )
    ]


def _questions(texts: Sequence[str]) -> Iterator[str]:
    """Questions of some words of a passage, from everywhere, no two alike."""
    for turn in range(1, 1000):
        for text in texts[:: max(1, len(texts) // 500)]:
            said = text.split()
            yield f"What is {' '.join(said[_ASKED])} {said[-turn % len(said)]}?"


def main() -> None:
    arguments = parser("sizes", __doc__, files=False)
    arguments.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    arguments.add_argument("--questions", type=int, default=100, help="at each size")
    arguments.add_argument("--picture", type=Path, default=PICTURE, metavar="OUT.png")
    arguments.add_argument("--model", default=DEFAULT_MODEL)
    given = arguments.parse_args()
    with folder() as within:
        latencies = list(measure(within, given.model, sorted(given.sizes), given.questions))
    draw(latencies, given.picture)
    show(results_of(latencies), given.json)


if __name__ == "__main__":
    main()
