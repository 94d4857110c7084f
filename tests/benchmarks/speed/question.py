"""One question from end to end, over the encoder's own pass of the same question.

    python -m tests.benchmarks.speed.question FILE.json [...] [--questions N] [--json OUT]

The corpus is the articles of the question sets. What is above 1 is everything that Footnote does
beside running the model: language, spelling, search, reranking, judging, quoting. Each question is
asked once of each of two encoders, so that neither can have it at hand; both are measured with one
question after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median

from bot.assembly import make_encoder
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.texts import Texts, never_asked, read_texts
from tests.benchmarks.speed.timing import interleaved, percentile

AIM = 1.3
_WARM_UP = 30


def measure(texts: Texts, within: Path, model: str, questions: int) -> list[Result]:
    """The ratio over so many questions; ``within`` is an empty folder."""
    texts.write(within / "articles")
    data = within / "data"
    alone, answerer = make_encoder(model, data), Answerer(make_encoder(model, data))
    asked = never_asked([asked.text for asked in texts.questions])
    with Corpora(data, answerer, [within / "articles"]) as corpora:
        corpora.open()
        library = corpora.library()
        acts: dict[str, Callable[[str], object]] = {
            "answer": lambda question: answerer.answer(library, question),
            "encoder": alone.encode_question,
        }
        interleaved(acts, list(islice(asked, _WARM_UP)))
        found = interleaved(acts, list(islice(asked, questions)))
    middle = {name: median(times) for name, times in found.items()}
    pairs = zip(found["answer"], found["encoder"], strict=True)
    return [
        Result(
            what="A question from end to end, over the encoder's own pass",
            value=middle["answer"] / middle["encoder"],
            aim=AIM,
            details={
                "answer, median ms": middle["answer"] * 1000,
                "answer, p99 ms": percentile(found["answer"], 0.99) * 1000,
                "encoder, median ms": middle["encoder"] * 1000,
                "median of the ratios": median(whole / part for whole, part in pairs),
                "passages": len(texts.passages),
                "questions": questions,
            },
        )
    ]


def main() -> None:
    arguments = parser("question", __doc__)
    arguments.add_argument("--questions", type=int, default=600)
    given = arguments.parse_args()
    with folder() as within:
        results = measure(read_texts(given.files), within, given.model, given.questions)
    show(results, given.json)


if __name__ == "__main__":
    main()
