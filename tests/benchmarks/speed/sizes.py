"""How long a question takes in collections of growing size, as a picture.

    python -m tests.benchmarks.speed.sizes [--sizes 100 1000 10000 100000] [--questions 100]
                                           [--million DIR] [--picture OUT.png] [--json OUT]

The passages and their encodings are made, as for ``million``, because encoding a hundred thousand
takes hours; the index and all that a question goes through are the product's. The encoder's pass is
not in a question's time: it is the same in every collection, and has a line of its own, measured
with the real model. DIR is the folder of a million passages that ``million`` has made.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from bot.assembly import make_encoder
from bot.settings import DEFAULT_MODEL
from tests.benchmarks.speed import million
from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.texts import never_asked
from tests.benchmarks.speed.timing import percentile

AIM: Final = 1.3
PICTURE: Final = Path(__file__).parents[1] / "pictures" / "latency.png"
SIZES: Final = (100, 1_000, 10_000, 100_000)
_ENCODED: Final = (
    "When was Haftar's offensive called Operation Dignity?",
    "How many people were killed in the battles on Monday?",
    "Which TV channel showed black smoke rising?",
    "What does a ticket to the national museum cost?",
)
_WARM_UP: Final = 10
# From Okabe and Ito's palette, told apart by those who do not see all colours.
_BLUE, _SKY, _ORANGE, _GREY = "#0072B2", "#56B4E9", "#D55E00", "#5A5A5A"


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of each question in a collection, without the encoder's pass."""

    passages: int
    answers: Sequence[float]


def measure(
    within: Path, model: str, sizes: Sequence[int], questions: int, a_million: Path | None
) -> list[Latency]:
    """The latencies at each size, in rising order; ``within`` is an empty folder."""
    folders = {size: within / str(size) for size in sorted(sizes)}
    if a_million is not None:
        folders[million.PASSAGES] = a_million
    found = []
    for size, own in folders.items():
        own.mkdir(exist_ok=True)
        million.build(own, model, size)
        asked = million.in_a_process(million.ask, own, model, size, questions)
        found.append(Latency(size, asked.answers))
    return found


def encoder_passes(within: Path, model: str, questions: int) -> list[float]:
    """Milliseconds of the real model's pass over so many questions."""
    encoder = make_encoder(model, within)
    fresh = never_asked(_ENCODED)
    for question in islice(fresh, _WARM_UP):
        encoder.encode_question(question)
    found = []
    for question in islice(fresh, questions):
        start = time.perf_counter()
        encoder.encode_question(question)
        found.append(1000 * (time.perf_counter() - start))
    return found


def draw(latencies: Sequence[Latency], encoder: Sequence[float], picture: Path) -> None:
    """Median and ninth decile over the size of the collection, and the encoder's pass."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    sizes = [latency.passages for latency in latencies]
    middle = [median(latency.answers) for latency in latencies]
    high = [percentile(latency.answers, 0.9) for latency in latencies]
    pass_ = median(encoder)
    figure, axes = pyplot.subplots(figsize=(7.5, 4.4), dpi=120)
    axes.fill_between(sizes, middle, high, color=_SKY, alpha=0.2, linewidth=0)
    axes.plot(sizes, high, color=_SKY, marker="^", linestyle="--", label="nine in ten questions")
    axes.plot(sizes, middle, color=_BLUE, marker="o", label="median question, without encoding")
    axes.axhline(pass_, color=_ORANGE, linestyle="-.", label="the encoder's pass, at any size")
    # The aim is for a million: a bar above it, rather than a line that promises it everywhere.
    aim, most = million.QUESTION_AIM, million.PASSAGES
    axes.plot([most / 2.2, most * 1.6], [aim, aim], color=_GREY, linewidth=2.5)
    axes.annotate(
        f"aim at a million: {aim:.0f} ms",
        (most * 1.6, aim),
        xytext=(0, -5),
        textcoords="offset points",
        ha="right",
        va="top",
        color=_GREY,
        fontsize=9,
    )
    for size, value in zip(sizes, middle, strict=True):
        axes.annotate(
            f"{value:.3g} ms",
            (size, value),
            xytext=(0, -15),
            textcoords="offset points",
            ha="center",
            color=_BLUE,
            fontsize=9,
        )
    axes.annotate(
        f"{pass_:.3g} ms",
        (max(most, sizes[-1]) * 1.6, pass_),
        xytext=(0, -5),
        textcoords="offset points",
        ha="right",
        va="top",
        color=_ORANGE,
        fontsize=9,
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(sizes[0] / 1.7, max(most, sizes[-1]) * 1.7)
    axes.set_ylim(min(*middle, pass_) / 2, max(*high, pass_, aim) * 1.8)
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200) if tick < axes.get_ylim()[1]]
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set(xlabel="passages in the collection", ylabel="milliseconds")
    axes.set_title("A question by the size of the collection", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, loc="upper left", fontsize=9)
    figure.tight_layout()
    figure.savefig(picture)
    pyplot.close(figure)


def results_of(latencies: Sequence[Latency], encoder: Sequence[float]) -> list[Result]:
    """How much longer a whole question takes in a large collection than in the smallest."""
    pass_ = median(encoder)
    middle = {latency.passages: median(latency.answers) for latency in latencies}
    least = latencies[0].passages
    most = max(size for size in middle if size < million.PASSAGES or len(middle) == 1)
    details = {"the encoder's pass, median ms": pass_}
    for latency in latencies:
        size = f"{latency.passages:,} passages"
        details[f"{size}, median ms"] = middle[latency.passages]
        details[f"{size}, p90 ms"] = percentile(latency.answers, 0.9)
    return [
        Result(
            what=f"A question in {most:,} passages over one in {least:,}, both with the encoder",
            value=(middle[most] + pass_) / (middle[least] + pass_),
            aim=AIM,
            details=details,
        )
    ]


def main() -> None:
    arguments = parser("sizes", __doc__, files=False)
    arguments.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    arguments.add_argument("--questions", type=int, default=100, help="at each size")
    arguments.add_argument("--million", type=Path, metavar="DIR", help="with a million passages")
    arguments.add_argument("--picture", type=Path, default=PICTURE, metavar="OUT.png")
    arguments.add_argument("--model", default=DEFAULT_MODEL)
    given = arguments.parse_args()
    with folder() as within:
        encoder = encoder_passes(within, given.model, given.questions)
        latencies = measure(within, given.model, given.sizes, given.questions, given.million)
    draw(latencies, encoder, given.picture)
    show(results_of(latencies, encoder), given.json)


if __name__ == "__main__":
    main()
