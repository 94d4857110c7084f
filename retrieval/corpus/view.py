"""Several collections seen as one: a server's own articles and those that all servers share.

Each collection stays an index of its own, so that no server can be shown what is another's: it is
not in what is searched, rather than taken out of what was found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import filterfalse
from typing import TypeVar

from retrieval.answering import Library
from retrieval.articles import Article
from retrieval.engines import Engine
from retrieval.engines.joined import JoinedEngine
from retrieval.languages import Language

Item = TypeVar("Item")


def view_of(libraries: Mapping[str, Library]) -> Library:
    """What is asked when ``libraries`` are asked together: the only one itself, or a view."""
    return View(libraries) if len(libraries) != 1 else next(iter(libraries.values()))


class View:
    """Several libraries as one. Safe to share by threads.

    An article's id is its own unless a library before has it: then the library's name stands
    before it (``shared/news``), in ``articles`` and in the engine's passages alike. Making a view
    takes time in the number of articles, not of passages.

    Args:
        libraries: At least one, by its name: a server's own first, what is shared last. Made with
            one encoder, and never changed.

    Raises:
        ValueError: There is no library.
    """

    def __init__(self, libraries: Mapping[str, Library]) -> None:
        self._libraries = tuple(libraries.values())
        self._renamed = _renamed(libraries)
        self.articles: Mapping[str, Article] = {
            id_: article if id_ == article.id else replace(article, id=id_)
            for id_, article in self._by_id(library.articles for library in self._libraries)
        }
        self.engine: Engine = JoinedEngine(
            [library.engine for library in self._libraries], self._renamed
        )

    @cached_property
    def vocabulary(self) -> Collection[str]:
        """The words of all articles. Those of each library stay where they are."""
        return _Vocabulary([library.vocabulary for library in self._libraries])

    @cached_property
    def language_by_article(self) -> Mapping[str, Language]:
        """The language of each article, by its id here."""
        return dict(self._by_id(library.language_by_article for library in self._libraries))

    @cached_property
    def languages(self) -> frozenset[Language]:
        """The languages of all articles."""
        return frozenset().union(*(library.languages for library in self._libraries))

    def _by_id(self, parts: Iterable[Mapping[str, Item]]) -> Iterator[tuple[str, Item]]:
        """What each library has of its articles, under the ids that these have here."""
        for part, renamed in zip(parts, self._renamed, strict=True):
            for id_, item in part.items():
                yield renamed.get(id_, id_), item


class _Vocabulary(Collection[str]):
    """The words of several vocabularies, each once. Only the repeated ones are kept in it."""

    def __init__(self, parts: Sequence[Collection[str]]) -> None:
        self._parts = tuple(parts)

    def __contains__(self, word: object) -> bool:
        return any(word in part for part in self._parts)

    def __iter__(self) -> Iterator[str]:
        for part, repeated in zip(self._parts, self._repeated, strict=True):
            yield from filterfalse(repeated.__contains__, part)

    def __len__(self) -> int:
        return sum(map(len, self._parts)) - sum(map(len, self._repeated))

    @cached_property
    def _repeated(self) -> tuple[frozenset[str], ...]:
        """The words of each part that a part before it has too."""
        return tuple(
            frozenset(word for before in self._parts[:number] for word in before if word in part)
            for number, part in enumerate(self._parts)
        )


def _renamed(libraries: Mapping[str, Library]) -> list[dict[str, str]]:
    """For each library the articles that have another id in the view, by their own id."""
    taken: set[str] = set()
    renamed: list[dict[str, str]] = []
    for name, library in libraries.items():
        own = library.articles
        names: dict[str, str] = {}
        for id_ in own:
            shown = id_
            # Ids made from names of files have no slash; should others have one, add a name more.
            while shown in taken or (shown != id_ and shown in own):
                shown = f"{name}/{shown}"
            if shown != id_:
                names[id_] = shown
            taken.add(shown)
        renamed.append(names)
    return renamed
