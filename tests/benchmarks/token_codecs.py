"""What token vectors lose in fewer bytes, and the projection that ``compression`` keeps.

    python -m tests.benchmarks.token_codecs measure [--hold-out] xquad-en.json covidqa.json
    python -m tests.benchmarks.token_codecs fit FOLDER

``measure`` asks every answerable question of each set, once for each codec in ``codecs`` below,
and with --hold-out once more with its own article taken out. ``error`` is the standard deviation
of a question's passage scores from those with whole vectors, in thousandths, and ``shift`` their
mean; a decoding is that of 30 passages with the product that follows it.

``fit`` writes the projection of the default model from the text files in FOLDER. The one that is
kept was fitted on 72,000 tokens, every third sentence of 300 news reports (the Lee corpus) and of
95 Wikipedia articles, both from the test data of the package gensim 4.4.0, and on the seed
article. No article of a measured set is among them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.metrics import roc_auc_score

from bot.assembly import make_encoder
from bot.settings import DEFAULT_MODEL, load_settings
from retrieval.answering import Answerer, weigh
from retrieval.articles import Passage, Span
from retrieval.corpus.generation import Generation
from retrieval.encoders import Encoder, Floats, compression
from retrieval.encoders.compression import TokenCodec, codec_for, rotation, whole_axes
from retrieval.encoders.windows import unit
from retrieval.engines import Candidates, Engine, TokenMatches
from retrieval.engines.forwarding import ForwardingEngine
from retrieval.evaluation.index import EvaluationIndex
from retrieval.evaluation.squad import SquadQuestion, read_squad
from retrieval.halves import to_single
from retrieval.questions import clean_question, language_of_question
from retrieval.search import RERANKED, Hit, Query, find, highlight, rerank, token_weights
from retrieval.segmentation import paragraphs, sentences

FINE: Final = 64
COARSE: Final = 128
EVERY: Final = 3
SEED: Final = 20261122
QUESTION_TOKENS: Final = 15
PASSAGE_TOKENS: Final = 150
DIMENSIONS: Final = 384
PRODUCT_BITS: Final = 8

Form = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Codec:
    """A way to keep token vectors.

    Attributes:
        width: Bytes a token.
        kept: Token vectors as they are after they were kept.
        project: A question's vectors, to be multiplied by those.
        decode: What one decoding costs, given vectors.
    """

    width: float
    kept: Form
    project: Form
    decoding: Callable[[Floats], Callable[[], Floats]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("measure")
    measuring.add_argument("files", nargs="+", type=Path, help="question sets in SQuAD's form")
    measuring.add_argument("--hold-out", action="store_true")
    measuring.add_argument("--only", nargs="*", help="the codecs to measure, by the table's names")
    measuring.add_argument("--data-dir", type=Path, help="where encodings are kept")
    fitting = commands.add_parser("fit")
    fitting.add_argument("folder", type=Path, help="a folder of text files")
    fitting.add_argument("--target", type=Path, help="write here instead of into the project")
    arguments = parser.parse_args()
    if arguments.command == "fit":
        fit(arguments.folder, arguments.target)
        return
    folder = arguments.data_dir or load_settings().data_dir / "evaluations"
    for path in arguments.files:
        measure(path, folder, arguments.hold_out, arguments.only)


def fit(folder: Path, target: Path | None) -> None:
    """Write the principal axes of the tokens of all texts in ``folder``."""
    encoder = make_encoder(DEFAULT_MODEL)
    texts = [path.read_text("utf-8") for path in sorted(folder.iterdir()) if path.is_file()]
    said = [
        sentence.span.of(text)
        for text in texts
        for paragraph in paragraphs(text)
        for sentence in sentences(text, paragraph)
    ][::EVERY]
    encodings = encoder.encode_sentences(said)
    vectors = np.concatenate([encoding.tokens.vectors for encoding in encodings])
    basis, deviations = principal_axes(vectors.astype(np.float32), FINE + COARSE)
    kept = Path(compression.__file__).with_name("projections") / f"{encoder.name}.npz"
    target = target or kept
    np.savez(target, basis=basis, deviations=deviations, fine=FINE)
    print(f"{len(said)} sentences, {len(vectors)} tokens; written: {target}")


def principal_axes(vectors: Floats, count: int) -> tuple[compression.Signs, Floats]:
    """The first axes, and the root of the mean square along each."""
    squares = vectors.T.astype(np.float64) @ vectors / len(vectors)
    axes = np.linalg.eigh(squares)[1][:, ::-1][:, :count]
    # The sign of an eigenvector is a matter of the library; this makes it one of the data.
    basis = whole_axes(axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(count)]))
    along = vectors @ unit(basis.T.astype(np.float32)).T
    return basis, np.sqrt(np.square(along).mean(axis=0)).astype(np.float32)


def codecs(model: str, vectors: Floats) -> Iterator[tuple[str, Codec]]:
    """The codecs that are compared, by name.

    Args:
        vectors: For those that are fitted here, on what they are then measured on: they look a
            little better than they are.
    """
    yield "halves", Codec(2 * vectors.shape[1], to_single, to_single, _halves_decoding)
    shipped = codec_for(model, vectors.shape[1])
    yield "kept", _coded(shipped)
    yield "rotation", _coded(rotation(vectors.shape[1]))
    for fine, coarse in ((128, 0), (64, 96), (64, 128), (96, 96), (96, 128), (128, 64), (0, 256)):
        basis, deviations = principal_axes(vectors, fine + coarse)
        codec = TokenCodec(basis, deviations, fine)
        yield f"{fine}x4+{coarse}x2", _coded(codec)
        if (fine, coarse) in ((128, 0), (FINE, COARSE)):
            yield f"{fine}x4+{coarse}x2 short", _coded(codec, lengthened=False)
    for count in (64, 80):
        yield f"product {count}", _product(vectors, count)


def _coded(codec: TokenCodec, *, lengthened: bool = True) -> Codec:
    def kept(vectors: Floats) -> Floats:
        codes = codec.encode(vectors)
        if not lengthened:
            codes[:, -1] = one
        return codec.decode(codes)

    # The byte whose factor is nearest to 1.
    one = int(np.abs(codec._factors - 1).argmin())
    return Codec(
        codec.width,
        kept,
        codec.project,
        lambda vectors: partial(codec.decode, codec.encode(vectors)),
    )


def _halves_decoding(vectors: Floats) -> Callable[[], Floats]:
    halves = vectors.astype(np.float16)
    return lambda: to_single(halves)


def _product(vectors: Floats, count: int) -> Codec:
    """Product quantisation (Jegou et al. 2011) after a random rotation."""
    import faiss

    dimensions = -(-vectors.shape[1] // count) * count
    turn: Any = faiss.RandomRotationMatrix(vectors.shape[1], dimensions)
    turn.init(SEED)
    product: Any = faiss.ProductQuantizer(dimensions, count, PRODUCT_BITS)
    product.train(turn.apply(vectors))

    def decoding(some: Floats) -> Callable[[], Floats]:
        codes = product.compute_codes(turn.apply(some))
        return lambda: np.asarray(product.decode(codes), dtype=np.float32)

    return Codec(
        count * PRODUCT_BITS / 8,
        lambda some: decoding(np.ascontiguousarray(some, dtype=np.float32))(),
        lambda some: np.asarray(turn.apply(np.ascontiguousarray(some, dtype=np.float32))),
        decoding,
    )


class Kept(ForwardingEngine):
    """An engine with other token vectors, which are looked up by passage.

    Args:
        vectors: For each passage, by article and beginning.
        project: A question's vectors, to be multiplied by those.
    """

    def __init__(
        self, engine: Engine, vectors: Mapping[tuple[str, int], Floats], project: Form
    ) -> None:
        super().__init__(engine)
        self._vectors = vectors
        self._project = project

    def token_matches(self, vectors: Floats, rows: Sequence[int]) -> TokenMatches:
        asked = self._project(vectors)
        each = [self._matches(asked, row) for row in rows]
        none = np.zeros((len(vectors), 0), dtype=np.float32)
        starts = np.cumsum([0, *(found.shape[1] for found in each)], dtype=np.int64)
        return TokenMatches(np.concatenate([none, *each], axis=1), starts)

    def _matches(self, asked: Floats, row: int) -> Floats:
        """The best product in each sentence of a passage, shape ``(q, s)``."""
        starts = self._engine.tokens(row).starts
        found = np.zeros((len(asked), len(starts) - 1), dtype=np.float32)
        filled = np.flatnonzero(np.diff(starts))
        if len(filled):
            products = asked @ self._vectors[_key(self.passage(row))].T
            found[:, filled] = np.maximum.reduceat(products, starts[filled], axis=1)
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """What one question got. ``scores`` are those of the reranked passages, by row."""

    held_out: bool
    right: tuple[bool, ...]
    highlighted: bool
    confidence: float
    scores: Mapping[int, float]


def measure(path: Path, folder: Path, hold_out: bool, only: Sequence[str] | None) -> None:
    """Print the table of one question set."""
    questions = read_squad(path)
    answerer = Answerer(make_encoder(DEFAULT_MODEL))
    index = EvaluationIndex(questions, answerer.encoder, folder)
    whole = index.whole
    whole.warm()
    places, tokens = _all_tokens(whole, answerer.encoder)
    tried = [
        (name, codec)
        for name, codec in codecs(whole.model, tokens)
        if not only or name == "halves" or name in only
    ]
    kept = {
        name: {key: found[place] for key, place in places.items()}
        for name, codec in tried
        for found in [codec.kept(tokens)]
    }
    asked = [
        (question, _understood(answerer, whole, question))
        for question in questions.questions
        if question.answers
    ]
    results: dict[str, list[Result]] = {name: [] for name, _ in tried}
    for article in [None, *(questions.articles if hold_out else ())]:
        library = whole if article is None else index.without(article)
        for question, query in asked:
            if article not in (None, question.article):
                continue
            found = find(library.engine, query)
            for name, codec in tried:
                engine = Kept(library.engine, kept[name], codec.project)
                results[name].append(
                    _result(answerer, library, engine, question, query, found, article)
                )
    print(f"\n{questions.name}: {len(asked)} questions, {len(places)} passages")
    _print_table(tried, results, len(tokens) / len(places), answerer.threshold)


def _key(passage: Passage) -> tuple[str, int]:
    return passage.article, passage.span.start


def _all_tokens(
    library: Generation, encoder: Encoder
) -> tuple[dict[tuple[str, int], slice], Floats]:
    """The place of each passage's tokens among all, and their vectors, which no index keeps."""
    passages = [library.engine.passage(row) for row in range(len(library.engine))]
    texts = [
        [span.of(library.articles[passage.article].text) for span in library.engine.sentences(row)]
        for row, passage in enumerate(passages)
    ]
    encodings = iter(encoder.encode_sentences([text for some in texts for text in some]))
    each = [
        np.concatenate([found.tokens.vectors for found in islice(encodings, len(some))])
        for some in texts
    ]
    ends = np.cumsum([len(vectors) for vectors in each]).tolist()
    places = {
        _key(passage): slice(end - len(vectors), end)
        for passage, vectors, end in zip(passages, each, ends, strict=True)
    }
    return places, to_single(np.concatenate(each))


def _understood(answerer: Answerer, library: Generation, question: SquadQuestion) -> Query:
    asked = clean_question(question.text)
    return answerer.understand(asked, language_of_question(asked, library.languages))


def _result(
    answerer: Answerer,
    library: Generation,
    engine: Engine,
    question: SquadQuestion,
    query: Query,
    found: Candidates,
    held_out: str | None,
) -> Result:
    def answers(article: str, span: Span) -> bool:
        return article == question.article and any(span.overlaps(gold) for gold in question.answers)

    weights = token_weights(engine, query)
    hits: list[Hit] = rerank(engine, query, weights, found, lambda id_: library.articles[id_].text)
    shown = highlight(engine, weights, hits[0])
    return Result(
        held_out=held_out is not None,
        right=tuple(answers(hit.passage.article, hit.passage.span) for hit in hits[:5]),
        highlighted=any(answers(hits[0].passage.article, span) for span in shown),
        confidence=answerer.calibration.confidence(weigh(library, query, hits, found)),
        scores={hit.row: hit.score for hit in hits},
    )


def _print_table(
    tried: Sequence[tuple[str, Codec]],
    results: Mapping[str, Sequence[Result]],
    tokens: float,
    threshold: float,
) -> None:
    heads = ("recall@1", "recall@5", "highlight", "error", "shift", "AUROC", "answered", "falsely")
    print(f"{'codec':20}{'KB/passage':>11}" + "".join(f"{head:>10}" for head in (*heads, "us")))
    for name, codec in tried:
        there = [one for one in results[name] if not one.held_out]
        absent = [one for one in results[name] if one.held_out]
        whole = [one for one in results["halves"] if not one.held_out]
        apart = [
            np.array([score - before.scores[row] for row, score in one.scores.items()])
            for one, before in zip(there, whole, strict=True)
        ]
        columns = [
            100 * np.mean([one.right[0] for one in there]),
            100 * np.mean([any(one.right) for one in there]),
            100 * np.mean([one.highlighted for one in there]),
            1000 * np.mean([each.std() for each in apart]),
            1000 * np.mean([each.mean() for each in apart]),
            roc_auc_score(
                [1] * len(there) + [0] * len(absent),
                [one.confidence for one in (*there, *absent)],
            )
            if absent
            else np.nan,
            100 * np.mean([one.confidence >= threshold for one in there]),
            100 * np.mean([one.confidence >= threshold for one in absent]) if absent else np.nan,
            1e6 * _seconds(codec),
        ]
        figures = "".join(
            f"{x:10.3f}" if head == "AUROC" else f"{x:10.2f}"
            for head, x in zip((*heads, "us"), columns, strict=True)
        )
        print(f"{name:20}{codec.width * tokens / 1000:11.2f}{figures}", flush=True)


def _seconds(codec: Codec) -> float:
    """The least time of many, of one decoding and the product after it."""
    chance = np.random.default_rng(SEED)
    passages = unit(
        chance.standard_normal((RERANKED * PASSAGE_TOKENS, DIMENSIONS), dtype=np.float32)
    )
    asked = codec.project(passages[:QUESTION_TOKENS])
    decode = codec.decoding(passages)
    times = []
    for _ in range(50):
        start = time.perf_counter()
        _ = asked @ decode().T
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
