"""Some articles of a collection with the index over them, made together and never changed.

A collection is one segment while it is small. In a larger one a change makes a segment of what is
new, and marks what is gone in those that there are (as Lucene does: McCandless et al. 2010).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from retrieval.analysis import all_words
from retrieval.articles import Article
from retrieval.corpus.segment_articles import ArticlesInMemory, SegmentArticles, StoredArticles
from retrieval.encoders.compression import TokenCodec, codec_for
from retrieval.encoders.kept import form_with
from retrieval.engines import IndexedPassage, SegmentEngine
from retrieval.engines.embedded import EmbeddedEngine
from retrieval.errors import CorpusError
from retrieval.languages import Language
from retrieval.phrases import phrase

_VOCABULARY: Final = "vocabulary.json"
Passages = Callable[[], Iterable[IndexedPassage]]
"""Gives the passages of a segment's articles, in their order, each time it is called."""


@dataclass(frozen=True, eq=False, slots=True)
class Segment:
    """Articles and the index over them.

    Attributes:
        name: Of everything that it is made from: equal names, equal segments.
        vocabulary: The words of the articles as they are written, without case and accents.
        languages: Those of the articles.
    """

    name: str
    articles: SegmentArticles
    engine: SegmentEngine
    vocabulary: frozenset[str]
    languages: frozenset[Language]

    def check(self) -> None:
        """Check that the index agrees with the articles and finds a passage by its own vector.

        Raises:
            CorpusError: It does not; it must not be served.
        """
        engine = self.engine
        faults = list(_strays(self))
        probe = len(engine) // 2
        vector = engine.vectors(probe)[0]
        found = engine.candidates(vector, [], min(10, len(engine)))
        if not faults and float(found.dense.max()) < float(vector @ vector) - 1e-3:
            faults.append(phrase("A passage is not found by its own vector."))
        if faults:
            raise CorpusError(
                phrase("The new index is not whole, so it is not used."),
                why=faults[0],
                remedy=phrase("Reload again; if it happens twice, please report it."),
            )


def build_segment(
    name: str,
    model: str,
    articles: Sequence[tuple[Article, Language]],
    passages: Iterable[IndexedPassage],
    average_length: float | None = None,
) -> Segment:
    """A segment in memory.

    Args:
        model: The name of the encoder.
        articles: Each with its language, in order; at least one.
        passages: Theirs, in the same order; at least one.
        average_length: Of all passages of the collection, in words.
    """
    indexed = list(passages)
    codec = codec_for(model, indexed[0].encoding.vectors.shape[1])
    return Segment(
        name,
        ArticlesInMemory(articles),
        EmbeddedEngine.build(indexed, codec, average_length),
        vocabulary_of(article for article, _ in articles),
        frozenset(language for _, language in articles),
    )


def write_segment(
    folder: Path,
    model: str,
    articles: Sequence[tuple[Article, Language]],
    passages: Iterable[IndexedPassage],
    average_length: float | None = None,
    vocabulary: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Make a segment in an empty folder, as ``build_segment`` does in memory.

    Its passages need not fit into memory.

    Args:
        vocabulary: The words of the articles where these are known already.

    Returns:
        What is to be known when it is opened.

    Raises:
        OSError, RuntimeError: The folder cannot be written.
    """
    StoredArticles.write(folder, articles)
    EmbeddedEngine.write(passages, folder, average_length)
    if vocabulary is None:
        vocabulary = vocabulary_of(article for article, _ in articles)
    known = {
        "vocabulary": sorted(vocabulary),
        "languages": sorted({language.code for _, language in articles}),
    }
    (folder / _VOCABULARY).write_text(json.dumps(known), "utf-8")
    return {"model": model}


def open_segment(
    name: str, folder: Path, model: str, *, trusted: bool, form: str | None = None
) -> Segment:
    """The segment that ``write_segment`` has made.

    Args:
        form: As ``kept.form_of`` gave it when the segment was made; not checked where not given.
        trusted: Whether every file is known to be whole; otherwise the large ones are checked when
            they are read.

    Raises:
        OSError, ValueError, TypeError, KeyError, RuntimeError: The files do not hold it.
    """

    def codec(dimensions: int) -> TokenCodec:
        found = codec_for(model, dimensions)
        if form not in (None, form_with(model, found)):
            raise ValueError("its tokens are kept in another form than today's")
        return found

    known = json.loads((folder / _VOCABULARY).read_text("utf-8"))
    return Segment(
        name,
        StoredArticles(folder),
        EmbeddedEngine.open(folder, codec, trusted=trusted),
        frozenset(known["vocabulary"]),
        frozenset(Language(code) for code in known["languages"]),
    )


def vocabulary_of(articles: Iterable[Article]) -> frozenset[str]:
    """The words of articles as they are written, without case and accents."""
    return all_words(article.text for article in articles)


def _strays(segment: Segment) -> Iterable[str]:
    """The passages that are not in their articles."""
    ids = segment.engine.article_ids
    unknown = [id_ for id_ in ids if id_ not in segment.articles]
    if unknown:
        yield phrase("The article {article} is not there.", article=unknown[0])
        return
    lengths = np.array([segment.articles.length(id_) for id_ in ids])
    start, end, owners = segment.engine.spans()
    wrong = np.flatnonzero((start < 0) | (start >= end) | (end > lengths[owners]))
    if len(wrong):
        yield phrase("Passage {number} is not in its article.", number=int(wrong[0]))
