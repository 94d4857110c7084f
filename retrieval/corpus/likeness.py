"""Articles of a collection that say the same: told, and served all the same."""

from __future__ import annotations

from typing import Final

from retrieval.database.records import ArticleRecord, Inventory
from retrieval.duplicates import find_duplicates
from retrieval.phrases import phrase, phrases

_TOLD: Final = 5


def copies_noticed(inventory: Inventory) -> tuple[str, ...]:
    """A sentence for each new article that says what another one says, or nearly.

    Args:
        inventory: As it is to be kept: the new articles have no row yet.
    """
    new = [held for held in inventory.served() if held.row is None]
    if not new:
        return ()
    old = [held for held in inventory.served() if held.row is not None]
    exact = _exact(new, old)
    signatures = {held.article.id: held.signature for held in new if held.article.id not in exact}
    known = {held.article.id: held.signature for held in old}
    titles = {held.article.id: held.article.title for held in (*old, *new)}

    def named(id_: str) -> str:
        return f"“{titles[id_]}” ({id_})"

    told: list[str] = [
        phrase("{article} has the same words as {other}.", article=named(id_), other=named(of))
        for id_, of in exact.items()
    ]
    told += [
        phrase(
            "{article} is nearly the same as {other} ({percent}% of the words).",
            article=named(pair.article),
            other=named(pair.of),
            percent=round(100 * pair.similarity),
        )
        for pair in find_duplicates(signatures, known)
    ]
    more = len(told) - _TOLD
    if more <= 0:
        return tuple(told)
    last = phrases(
        "{count} more article is like others.", "{count} more articles are like others.", more
    )
    return (*told[:_TOLD], last)


def _exact(new: list[ArticleRecord], old: list[ArticleRecord]) -> dict[str, str]:
    """The new articles whose text another one has too, by id."""
    first: dict[str, str] = {}
    for held in (*old, *new):
        first.setdefault(held.article.text, held.article.id)
    return {
        held.article.id: first[held.article.text]
        for held in new
        if first[held.article.text] != held.article.id
    }
