"""Some articles of a library, asked by themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from retrieval.answering import Library
from retrieval.articles import Article
from retrieval.engines import Engine
from retrieval.engines.selection import Selection
from retrieval.errors import CorpusError
from retrieval.languages import Language
from retrieval.phrases import phrase


@dataclass(frozen=True, slots=True)
class Selected:
    """A library whose engine finds passages of some of its articles only."""

    articles: Mapping[str, Article]
    engine: Engine
    vocabulary: Collection[str]
    language_by_article: Mapping[str, Language]
    languages: frozenset[Language]


def select(library: Library, accepts: Callable[[Article], bool]) -> Library:
    """What is asked when only the articles that ``accepts`` takes may be quoted.

    Raises:
        CorpusError: There is none.
    """
    chosen = {id_ for id_, article in library.articles.items() if accepts(article)}
    engine = library.engine
    rows = engine.rows_of(chosen)
    if not len(rows):
        raise CorpusError(
            phrase("No article is like that."),
            why=phrase("None that I may quote here fits everything you have chosen."),
            remedy=phrase("Choose fewer things, or see /sources."),
        )
    return Selected(
        library.articles,
        Selection(engine, rows),
        library.vocabulary,
        library.language_by_article,
        library.languages,
    )
