"""Articles' ids: made from names, no two alike in a collection, the same at every reading."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath

from retrieval.database.records import Entry, SourceRecord
from retrieval.readers import slug

Key = tuple[str, str]
"""What tells a source from every other one of its collection."""


def key_of(source: SourceRecord) -> Key:
    """The key of a source. A page that turns out to be a feed keeps its own."""
    return ("web" if source.kind in {"page", "feed"} else source.kind, source.location)


class Names:
    """Which source each id belongs to."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._owners: dict[str, Key] = {}
        for entry in entries:
            self.claim(entry)

    def claim(self, entry: Entry) -> None:
        """Take note of an entry's ids. What another source has stays that source's."""
        key = key_of(entry.source)
        for id_ in _ids_of(entry):
            self._owners.setdefault(id_, key)

    def are_free(self, entry: Entry) -> bool:
        """Whether no source has any of an entry's ids."""
        return not any(id_ in self._owners for id_ in _ids_of(entry))

    def new(self, name: str, key: Key, *, whole: bool = False) -> str:
        """An id for a new source.

        Args:
            name: What people call it; its extension is left out where that makes no two alike.
            whole: Whether it has no extension to leave out.
        """
        path = PurePosixPath(name)
        candidates = [slug(name)]
        if not whole:
            candidates.insert(0, slug(str(path.with_suffix("")) if path.name else name))
        mark = hashlib.sha256("\n".join(key).encode()).hexdigest()
        candidates.append(f"{candidates[-1]}-{mark[:8]}")
        candidates.append(f"{candidates[-1]}-{mark}")
        return next(id_ for id_ in candidates if self._owners.get(id_, key) == key)

    def own(self, id_: str, source: SourceRecord) -> str:
        """The id under which an article of a source is kept: ``id_`` unless another has it."""
        key = key_of(source)
        if self._owners.get(id_, key) != key:
            mark = hashlib.sha256(source.location.encode()).hexdigest()
            id_ = f"{id_}-{mark[:8]}"
        self._owners[id_] = key
        return id_


def _ids_of(entry: Entry) -> Collection[str]:
    return {entry.source.article, *(held.article.id for held in entry.articles)}
