"""A folder of articles, a data folder, and collections over them as restarts would make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from retrieval.answering import Answerer
from retrieval.answers import Answer, Quote
from retrieval.articles import Article
from retrieval.corpus import Corpora, Corpus, Report, Upload
from retrieval.corpus.backend import Backend
from retrieval.corpus.sources import Configured
from retrieval.encoders import Encoder
from retrieval.limits import Limits
from retrieval.sandbox import Sandbox
from retrieval.segmentation import paragraphs

BATTLE = "Fighting erupted in Benghazi at dawn.\n\nHospitals called for blood donations."
OFFENSIVE = "Haftar's offensive is called Operation Dignity.\n\nIt began on May 16."
BRIDGE = "The new bridge over the river was opened by the mayor on Sunday."
SERVER = 123


class Clock:
    """A clock that goes on by a second whenever somebody looks at it, and when it is told."""

    def __init__(self) -> None:
        self.now = datetime(2031, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def wait(self, time: timedelta) -> None:
        self.now += time


class House:
    """Where collections live. Everything in it is closed by the fixture that makes it."""

    def __init__(self, root: Path, encoder: Encoder, sandbox: Sandbox) -> None:
        self.root = root
        self.articles = root / "articles"
        self.articles.mkdir()
        self.data = root / "data"
        self.clock = Clock()
        self.encoder = encoder
        self.sandbox = sandbox
        self._made: list[Corpora] = []

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.articles / f"{name}.md").write_text(text, "utf-8")

    def clear(self) -> None:
        for path in self.articles.iterdir():
            path.unlink()

    def backend(self, data: Path | None = None) -> Backend | None:
        """What the collections are kept in; ``None`` where that is the folder."""
        return None

    def corpora(
        self,
        data: Path | None = None,
        sources: Sequence[Configured] | None = None,
        encoder: Encoder | None = None,
        limits: Limits | None = None,
        private_hosts: Sequence[str] = (),
    ) -> Corpora:
        """Collections as a process that starts now would have them, not yet open."""
        made = Corpora(
            data or self.data,
            Answerer(encoder or self.encoder, 0.5),
            [self.articles] if sources is None else sources,
            backend=self.backend(data),
            limits=limits,
            private_hosts=private_hosts,
            sandbox=self.sandbox,
            clock=self.clock,
        )
        self._made.append(made)
        return made

    def opened(
        self,
        data: Path | None = None,
        sources: Sequence[Configured] | None = None,
        encoder: Encoder | None = None,
        limits: Limits | None = None,
        private_hosts: Sequence[str] = (),
    ) -> Corpora:
        """The same, open."""
        made = self.corpora(data, sources, encoder, limits, private_hosts)
        made.open()
        return made

    def close(self) -> None:
        for made in self._made:
            made.close()


MakeHouse = Callable[[], House]


def upload(name: str, text: str) -> Upload:
    return Upload(name, text.encode())


def outcomes(report: Report) -> dict[str, str]:
    return {change.article: change.outcome for change in report.changes}


def changed(report: Report) -> dict[str, str]:
    """The same without what is as it was."""
    return {id_: what for id_, what in outcomes(report).items() if what != "unchanged"}


def shown(answer: Answer) -> tuple[Quote, ...]:
    return answer.quotes or answer.nearest


def served(corpus: Corpus) -> set[str]:
    """The ids of what a collection serves."""
    return set(corpus.generation.articles) if corpus.generation is not None else set()


def assert_verbatim(quotes: Sequence[Quote], articles: dict[str, Article]) -> None:
    for quote in quotes:
        source = articles[quote.article.id]
        assert quote.text == source.text[quote.span.start : quote.span.end] != ""
        block = paragraphs(source.text)[quote.paragraph - 1]
        assert block.start <= quote.span.start < quote.span.end <= block.end
        for span in quote.highlights:
            assert quote.span.start <= span.start < span.end <= quote.span.end
