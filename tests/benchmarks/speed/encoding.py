"""Encoding a corpus, over the encoder fed with nothing but ideal batches.

    python -m tests.benchmarks.speed.encoding FILE.json [...] [--passages 1000] [--json OUT]

Measured are the step that encodes, which takes sentences from a stream, puts them into batches, and
compresses and stores what comes of them; and all that the product does when it opens a collection
for the first time, from reading and splitting the files to the index. What is ideal is found by
trying: one encoder is given all sentences at once, and sorted by their length in batches of several
sizes, and the quickest way counts. All ways take turns, over several rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

from bot.assembly import make_encoder
from retrieval.answering import Answerer
from retrieval.articles import Article
from retrieval.corpus import Corpora
from retrieval.corpus.encoding import encoded_passages
from retrieval.database import EncodingStore, SQLiteDatabase
from retrieval.encoders import Encoder
from retrieval.encoders.kept import form_of
from retrieval.preparation import PreparedArticle, prepare
from tests.benchmarks.speed.command import add_padding, folder, parser
from tests.benchmarks.speed.results import Result, show
from tests.benchmarks.speed.texts import Texts, read_texts
from tests.benchmarks.speed.timing import seconds

AIM = 0.95
_BATCHES = (8, 16, 32, 64)


def measure(texts: Texts, within: Path, model: str, rounds: int) -> list[Result]:
    """The ratio of the throughputs; ``within`` is an empty folder."""
    texts.write(within / "articles")
    encoder = make_encoder(model, within / "model")
    sentences = sentences_of(texts.passages)
    encoder.encode_sentences(sentences[:64])
    longest_first = sorted(sentences, key=len, reverse=True)
    ideal: dict[str, Callable[[], object]] = {
        "all at once": partial(encoder.encode_sentences, sentences)
    }
    for size in _BATCHES:
        ideal[f"sorted, {size} at a time"] = partial(_in_batches, encoder, longest_first, size)
    prepared = [prepare(Article("any", "Any", "\n\n".join(texts.passages)))]
    times: dict[str, list[float]] = {name: [] for name in ("product", "step", *ideal)}
    for number in range(rounds):
        times["product"].append(seconds(partial(_build, encoder, within, number)))
        times["step"].append(seconds(partial(_encode, encoder, prepared, within, number)))
        for name, encode in ideal.items():
            times[name].append(seconds(encode))
    middle = {name: median(found) for name, found in times.items()}
    best = min(ideal, key=lambda name: middle[name])
    return [
        Result(
            what="Passages a second through the step that encodes, over ideal batches alone",
            value=middle[best] / middle["step"],
            aim=AIM,
            at_least=True,
        ),
        Result(
            what="Passages a second from the files to the index, over ideal batches alone",
            value=middle[best] / middle["product"],
            aim=AIM,
            at_least=True,
            details={
                **{f"{name}, s": took for name, took in middle.items()},
                "passages/s through the product": len(texts.passages) / middle["product"],
                "passages": len(texts.passages),
                "sentences": len(sentences),
            },
        ),
    ]


def sentences_of(passages: Sequence[str]) -> list[str]:
    """The sentences that the product finds in passages."""
    article = Article("any", "Any", "\n\n".join(passages))
    found = prepare(article).passages
    return [span.of(article.text) for passage in found for span in passage.sentences]


def _in_batches(encoder: Encoder, texts: Sequence[str], size: int) -> None:
    for start in range(0, len(texts), size):
        encoder.encode_sentences(texts[start : start + size])


def _encode(
    encoder: Encoder, prepared: Sequence[PreparedArticle], within: Path, number: int
) -> None:
    """Encode all passages, and keep what comes of them on the disk."""
    with closing(SQLiteDatabase(within / f"encodings-{number}")) as database:
        encoded_passages(prepared, encoder, EncodingStore(database, form_of(encoder)))


def _build(encoder: Encoder, within: Path, number: int) -> None:
    """Open a collection that nothing is kept of."""
    data = within / f"data-{number}"
    with Corpora(data, Answerer(encoder), [within / "articles"]) as corpora:
        corpora.open()


def main() -> None:
    arguments = parser("encoding", __doc__)
    add_padding(arguments, 1000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    with folder() as within:
        texts = read_texts(given.files, given.padding, given.passages)
        results = measure(texts, within, given.model, given.rounds)
    show(results, given.json)


if __name__ == "__main__":
    main()
