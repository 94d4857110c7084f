"""What a collection holds, for those who manage it: by article, by address, and what is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from bot.languages import t
from bot.rendering.discord import Listed
from retrieval.articles import Article
from retrieval.corpus import Corpus
from retrieval.database.records import ArticleRecord, Entry, Inventory
from retrieval.errors import CorpusError


def listed(corpus: Corpus) -> list[Listed]:
    """Every article that is served, in the collection's order."""
    return [
        Listed(held.article, entry.source)
        for entry in corpus.inventory().entries
        for held in entry.articles
        if held.removed is None
    ]


def details_of(corpus: Corpus, article_id: str) -> Listed:
    """One article, with all that is known of it.

    Raises:
        CorpusError: It was just removed.
    """
    for item in listed(corpus):
        if item.article.id == article_id:
            generation = corpus.generation
            if generation is None:
                return item
            passages = (generation.engine.passage(n) for n in range(len(generation.engine)))
            count = sum(passage.article == article_id for passage in passages)
            return Listed(item.article, item.source, count)
    raise CorpusError(t("That article was just removed."))


def articles_from(corpus: Corpus, address: str) -> list[Article]:
    """The articles that are served from a page or a feed."""
    return [
        held.article
        for entry in corpus.inventory().entries
        for held in entry.articles
        if held.removed is None and entry.source.location == address
    ]


def removed_articles(corpus: Corpus) -> list[Article]:
    """The articles that were removed and not yet emptied."""
    return [article for article, _ in removals(corpus)]


def removals(corpus: Corpus) -> list[tuple[Article, datetime]]:
    """The same with when each was removed, the latest first."""
    found = [
        (held.article, held.removed)
        for entry in corpus.inventory().entries
        for held in entry.articles
        if held.removed is not None and not held.emptied
    ]
    return sorted(found, key=lambda removal: removal[1], reverse=True)


def served_names(corpus: Corpus) -> list[str]:
    """What can be removed: the ids of articles, and the addresses of pages and feeds."""
    return list(_names(corpus.inventory(), lambda held: held.removed is None))


def removed_names(corpus: Corpus) -> list[str]:
    """What was removed, in the same form."""
    return list(
        _names(corpus.inventory(), lambda held: held.removed is not None and not held.emptied)
    )


def _names(inventory: Inventory, is_meant: Callable[[ArticleRecord], bool]) -> Iterator[str]:
    for entry in inventory.entries:
        found = [held.article.id for held in entry.articles if is_meant(held)]
        yield from found
        if found and _is_web(entry):
            yield entry.source.location


def _is_web(entry: Entry) -> bool:
    return entry.source.kind in {"page", "feed"}
