"""Whether PostgreSQL puts the same passages first as files do, and what that costs.

    python -m tests.benchmarks.engines FILE.json [...] [--sample N] [--data-dir DIR]

Asks the questions of SQuAD-form sets of both engines: of PostgreSQL once with every sentence
compared and once through the graph for large collections. The server is one on this machine,
started for this; over a network each of its round trips takes that much longer.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import eq
from pathlib import Path
from statistics import median
from time import perf_counter

from retrieval.answering import Answerer, Library
from retrieval.articles import Passage
from retrieval.corpus.generation import Generation, Part
from retrieval.corpus.postgres_segments import PostgresSegments
from retrieval.encoders import Encoder
from retrieval.encoders.batching import BatchingEncoder
from retrieval.encoders.kept import form_of
from retrieval.encoders.prepared import PreparedEncoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import dense
from retrieval.evaluation.index import EvaluationIndex
from retrieval.evaluation.squad import SquadQuestion, read_squad
from retrieval.languages import language_of
from retrieval.postgres.servers import Servers
from tests.conftest import MODELS
from tests.postgres.cluster import Cluster, Home, Stage


@contextmanager
def server() -> Iterator[Servers]:
    """A server with an empty database."""
    home = Home()
    try:
        cluster = Cluster(home, "benchmark", {"shared_buffers": "256MB", "autovacuum": "on"})
        cluster.make()
        with Stage.of(cluster).database() as name:
            servers = Servers(cluster.url(name))
            yield servers
            servers.close()
    finally:
        home.close()


def on_server(
    servers: Servers,
    collection: str,
    index: EvaluationIndex,
    passages: Sequence[IndexedPassage],
    encoder: Encoder,
) -> Generation:
    """What an index has, as one segment on a server."""
    whole = index.whole
    articles = [(article, language_of(article.text)) for article in whole.articles.values()]
    average = sum(len(item.words) for item in passages) / len(passages)
    store = PostgresSegments(servers, collection)
    store.write("segment", encoder.name, form_of(encoder), articles, passages, average)
    part = Part(store.open("segment"))
    return Generation(whole.digest, whole.created, whole.model, [part], 0)


@dataclass
class Run:
    """How one engine has answered, question by question; times in milliseconds."""

    name: str
    first: list[Passage]
    answered: list[bool]
    confidence: list[float]
    search: list[float]
    total: list[float]

    @classmethod
    def of(
        cls, name: str, answerer: Answerer, library: Library, asked: Sequence[SquadQuestion]
    ) -> Run:
        run = cls(name, [], [], [], [], [])
        answerer.answer(library, asked[0].text)
        for question in asked:
            answer = answerer.answer(library, question.text)
            run.first.append(answer.passages[0].passage)
            run.answered.append(answer.answered)
            run.confidence.append(answer.confidence)
            run.search.append(answer.took_ms.search)
            run.total.append(answer.took_ms.search + answer.took_ms.rerank)
        return run

    def line(self, other: Run) -> str:
        """How often it agrees with another, and how long it took."""
        count = len(self.first)
        same = sum(map(eq, self.first, other.first))
        said = sum(map(eq, self.answered, other.answered))
        apart = max(abs(a - b) for a, b in zip(self.confidence, other.confidence, strict=True))
        return (
            f"  {self.name:<18} same first {same}/{count} ({100 * same / count:.1f} %),"
            f" same verdict {said}/{count}, confidence within {apart:.4f}; candidates"
            f" {median(self.search):.1f} ms, with reranking {median(self.total):.1f} ms"
            f" (90 %: {sorted(self.total)[int(0.9 * count)]:.1f} ms)"
        )


def compare(path: Path, sample: int | None, data: Path, servers: Servers) -> Iterator[str]:
    """What is to be said of one set."""
    encoder = BatchingEncoder(PreparedEncoder(SentenceTransformerEncoder(), MODELS))
    answerer = Answerer(encoder)
    questions = read_squad(path)
    index = EvaluationIndex(questions, encoder, data)
    passages = [item for id_ in questions.articles for item in index.passages_of(id_)]
    step = max(1, len(questions.questions) // (sample or len(questions.questions)))
    asked = questions.questions[::step][:sample]
    sentences = sum(len(item.sentences) for item in passages)
    yield f"{questions.name}: {len(passages)} passages, {sentences} sentences"
    embedded = Run.of("files", answerer, index.whole, asked)
    yield embedded.line(embedded)
    for name, exact_up_to in (("PostgreSQL, all", 10**9), ("PostgreSQL, graph", 0)):
        dense.EXACT_UP_TO = exact_up_to  # type: ignore[misc]  # what a benchmark may
        start = perf_counter()
        generation = on_server(servers, f"{questions.name} {name}", index, passages, encoder)
        written = perf_counter() - start
        generation.warm()
        yield Run.of(name, answerer, generation, asked).line(embedded)
        yield f"  {'':<18} written in {written:.1f} s"


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engines")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--sample", type=int, help="questions of each set, spread evenly")
    parser.add_argument("--data-dir", type=Path, help="where encodings are kept for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, server() as servers:
        for path in given.files:
            for line in compare(path, given.sample, given.data_dir or Path(temporary), servers):
                print(line, flush=True)


if __name__ == "__main__":
    main()
