"""One generation of a corpus: its articles and the index over them, never changed once built."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from retrieval.articles import Article
from retrieval.corpus.encoding import encoded_passages
from retrieval.corpus.looked_up import LookedUp
from retrieval.corpus.segment import Segment, build_segment
from retrieval.corpus.vocabulary import Vocabulary
from retrieval.encoders import Encoder, Progress
from retrieval.engines import Engine, IndexedPassage
from retrieval.engines.joined import JoinedEngine
from retrieval.engines.living import Living
from retrieval.errors import CorpusError
from retrieval.languages import Language, language_of
from retrieval.phrases import phrase
from retrieval.preparation import prepare
from retrieval.questions import language_of_question

FORMAT: Final = 5
"""Raised whenever an index built before would differ from one built now."""
_QUESTIONS: Final = ("What is it that I am to say?", "general launches offensive")
"""One that is clearly English, and one that is looked at closer."""


class Part:
    """A segment of a generation, without the articles that are gone from it.

    Args:
        gone: Ids of articles of the segment; not all of them.
    """

    def __init__(self, segment: Segment, gone: frozenset[str] = frozenset()) -> None:
        self.segment = segment
        self.gone = gone
        self.engine: Engine = (
            Living(segment.engine, segment.engine.rows_of(gone)) if gone else segment.engine
        )

    def ids(self) -> Iterator[str]:
        """The articles that are left, in their order."""
        return (id_ for id_ in self.segment.articles if id_ not in self.gone)


@dataclass(frozen=True, eq=False)
class Generation:
    """A corpus as it stood at one moment.

    Attributes:
        digest: Of everything that the index is made from: equal digests, equal generations.
        parts: At least one, no two with an article in common.
        encoded: How many passages were encoded to build it; the others' encodings were at hand.
    """

    digest: str
    created: datetime
    model: str
    parts: Sequence[Part]
    encoded: int

    def warm(self) -> None:
        """Compute now what the first question would otherwise wait for."""
        _ = self.articles, self.engine, self.vocabulary
        for question in _QUESTIONS:
            language_of_question(question, self.languages)

    @cached_property
    def engine(self) -> Engine:
        """The index over the passages of all articles."""
        engines = [part.engine for part in self.parts]
        return engines[0] if len(engines) == 1 else JoinedEngine(engines)

    @cached_property
    def articles(self) -> Mapping[str, Article]:
        """The articles by id, each read when it is looked at."""
        return LookedUp(self._segments, lambda id_, segment: segment.articles[id_])

    @cached_property
    def language_by_article(self) -> Mapping[str, Language]:
        """The language of each article, by its id."""
        return LookedUp(self._segments, lambda id_, segment: segment.articles.language(id_))

    @cached_property
    def languages(self) -> frozenset[Language]:
        """The languages of the articles."""
        return frozenset().union(*(part.segment.languages for part in self.parts))

    @cached_property
    def vocabulary(self) -> Collection[str]:
        """The words of the articles as they are written, without case and accents.

        Those of articles that are gone stay until their segment is made anew.
        """
        vocabularies = [part.segment.vocabulary for part in self.parts]
        return vocabularies[0] if len(vocabularies) == 1 else Vocabulary(vocabularies)

    @cached_property
    def _segments(self) -> Mapping[str, Segment]:
        """The segment of each article, by its id."""
        return {id_: part.segment for part in self.parts for id_ in part.ids()}


def digest_of(articles: Iterable[Article], model: str) -> str:
    """What tells one generation from another, before any of it is built."""
    digest = hashlib.sha256(f"{FORMAT}\n{model}".encode())
    for article in articles:
        digest.update(f"\n{article.digest}".encode())
    return digest.hexdigest()


def build(
    articles: Mapping[str, Article], encoder: Encoder, progress: Progress | None = None
) -> Generation:
    """The generation of ``articles``, made from nothing and kept nowhere.

    Raises:
        CorpusError: There is nothing to index, or the finished index does not find its own words.
    """
    prepared = [prepare(article) for article in articles.values()]
    indexed = encoded_passages(prepared, encoder, progress=progress)
    return assemble(articles, list(indexed), encoder.name, indexed.encoded)


def assemble(
    articles: Mapping[str, Article],
    indexed: Sequence[IndexedPassage],
    model: str,
    encoded: int,
) -> Generation:
    """The generation of ``articles`` from their indexed passages, in memory.

    Raises:
        CorpusError: There is nothing to index, or the finished index does not find its own words.
    """
    if not indexed:
        raise nothing_to_index()
    known = [(article, language_of(article.text)) for article in articles.values()]
    digest = digest_of(articles.values(), model)
    segment = build_segment(digest, model, known, indexed)
    segment.check()
    return Generation(
        digest=digest,
        created=datetime.now(UTC),
        model=model,
        parts=(Part(segment),),
        encoded=encoded,
    )


def nothing_to_index() -> CorpusError:
    """What is said of articles without a passage."""
    return CorpusError(
        phrase("There are no articles to answer from."),
        remedy=phrase("Add a Markdown or plain text file to the articles' folder, then reload."),
    )
