"""Changes to what a collection holds, as functions from one inventory to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from retrieval.articles import Article
from retrieval.corpus.refusals import unknown_article
from retrieval.database.records import ArticleRecord, Entry, Inventory
from retrieval.errors import ArticleError, CorpusError
from retrieval.phrases import all_of, phrase
from retrieval.web import normalize

UNDO_WITHIN: Final = timedelta(days=1)
"""For so long a removed article is kept whole, so that it can be brought back."""


def remove(inventory: Inventory, what: str, now: datetime) -> Inventory:
    """The inventory with one article removed, or all that came from an address.

    Args:
        what: An article's id, or the address of a page or feed.

    Raises:
        CorpusError: There is no such article and no such address.
    """
    address = _address(what)
    known = {held.article.id for held in inventory.served()}

    def is_meant(entry: Entry, held: ArticleRecord) -> bool:
        if held.removed is not None:
            return False
        return held.article.id == what if what in known else entry.source.location == address

    changed = _each(
        inventory, lambda entry, held: replace(held, removed=now) if is_meant(entry, held) else held
    )
    if changed == inventory:
        raise unknown_article(what, known)
    return changed


def undo(inventory: Inventory, what: str | None, now: datetime) -> Inventory:
    """The inventory with what was removed brought back.

    Args:
        what: An article's id, or an address; what was removed last where not given.

    Raises:
        CorpusError: Nothing was removed in time, or not this.
    """
    removed = {
        held.article.id: held.removed
        for entry in inventory.entries
        for held in entry.articles
        if held.removed is not None and not held.emptied and held.removed > now - UNDO_WITHIN
    }
    if not removed:
        raise CorpusError(
            phrase("Nothing was removed in the last day."),
            remedy=phrase("What was removed before that has to be added again."),
        )
    last = max(removed.values())
    address = _address(what) if what is not None else None

    def is_meant(entry: Entry, held: ArticleRecord) -> bool:
        if held.article.id not in removed:
            return False
        if what is None:
            return held.removed == last
        return what in (held.article.id,) or entry.source.location == address

    changed = _each(
        inventory,
        lambda entry, held: replace(held, removed=None) if is_meant(entry, held) else held,
    )
    if changed == inventory:
        raise unknown_article(what or "", removed)
    return changed


def purge(inventory: Inventory, now: datetime) -> Inventory:
    """The inventory without the words of what was removed more than a day ago.

    What somebody added is gone with its last article. What the settings name, or a feed, would
    bring a removed article back: of that the place is kept.
    """

    def is_over(held: ArticleRecord) -> bool:
        return held.removed is not None and held.removed <= now - UNDO_WITHIN

    def emptied(_: Entry, held: ArticleRecord) -> ArticleRecord:
        if held.emptied or not is_over(held):
            return held
        nothing = Article(id=held.article.id, title="", text="")
        return replace(held, article=nothing, signature=b"", emptied=True, passages=None)

    left = tuple(
        entry
        for entry in inventory.entries
        if entry.source.configured or not entry.articles or not all(map(is_over, entry.articles))
    )
    return _each(replace(inventory, entries=left), emptied)


def refuse_copies(inventory: Inventory, entry: Entry) -> None:
    """Refuse an entry that says word for word what other articles say.

    Raises:
        ArticleError: All of its articles are served already.
    """
    served = {
        held.article.text: held.article
        for other in inventory.entries
        if other.source.location != entry.source.location
        for held in other.articles
        if held.removed is None
    }
    twins = [served.get(held.article.text) for held in entry.articles]
    if twins and all(twin is not None for twin in twins):
        name = entry.source.name
        others = all_of([f"“{twin.title}” ({twin.id})" for twin in twins[:3] if twin])
        raise ArticleError(
            name,
            phrase("{name} is here already.", name=name),
            why=phrase("Its words are those of {others}.", others=others),
            remedy=phrase("Nothing was added. To replace that article, remove it first."),
        )


def _each(
    inventory: Inventory, change: Callable[[Entry, ArticleRecord], ArticleRecord]
) -> Inventory:
    return replace(
        inventory,
        entries=tuple(
            replace(entry, articles=tuple(change(entry, held) for held in entry.articles))
            for entry in inventory.entries
        ),
    )


def _address(what: str) -> str | None:
    try:
        return normalize(what) if "://" in what else None
    except ArticleError:
        return None
