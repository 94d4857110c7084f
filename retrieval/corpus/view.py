"""Several collections seen as one: a server's own articles and those that all servers share.

Each collection stays an index of its own, so that no server can be shown what is another's: it is
not in what is searched, rather than taken out of what was found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property

from retrieval.answering import Library
from retrieval.articles import Article
from retrieval.corpus.looked_up import LookedUp
from retrieval.corpus.vocabulary import Vocabulary
from retrieval.engines import Engine
from retrieval.engines.joined import JoinedEngine
from retrieval.languages import Language


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
        places: dict[str, _Place] = {
            renamed.get(id_, id_): (library, id_)
            for library, renamed in zip(self._libraries, self._renamed, strict=True)
            for id_ in library.articles
        }
        self.articles: Mapping[str, Article] = LookedUp(places, _article)
        self.language_by_article: Mapping[str, Language] = LookedUp(places, _language)
        self.engine: Engine = JoinedEngine(
            [library.engine for library in self._libraries], self._renamed
        )

    @cached_property
    def vocabulary(self) -> Collection[str]:
        """The words of all articles. Those of each library stay where they are."""
        return Vocabulary([library.vocabulary for library in self._libraries])

    @cached_property
    def languages(self) -> frozenset[Language]:
        """The languages of all articles."""
        return frozenset().union(*(library.languages for library in self._libraries))


_Place = tuple[Library, str]
"""Which library has an article, and the article's id there."""


def _article(id_: str, place: _Place) -> Article:
    library, own = place
    article = library.articles[own]
    return article if own == id_ else replace(article, id=id_)


def _language(_: str, place: _Place) -> Language:
    library, own = place
    return library.language_by_article[own]


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
