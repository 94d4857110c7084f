"""Everything that is kept, moved from one backend into another."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from retrieval.corpus.backend import Backend
from retrieval.corpus.indexing import Indexer
from retrieval.database import CollectionStore, DamageError, Database, collection_names
from retrieval.database.copying import (
    Contents,
    contents_of,
    copy_collection,
    copy_encodings,
    count_articles,
    count_encodings,
    fingerprints_of,
)
from retrieval.encoders import Encoder, Progress
from retrieval.errors import StorageError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was moved.

    Attributes:
        collections: What each holds, by name.
        uploads: How many of their files there are.
        missing: Uploads that were damaged or missing before.
        are_encodings_kept: Whether the encodings could be read; they are made again otherwise.
    """

    collections: dict[str, Contents]
    uploads: int
    missing: int
    are_encodings_kept: bool


def migrate(
    source: Backend, target: Backend, *, replace: bool, progress: Progress | None = None
) -> Migrated:
    """Copy every collection, each in one transaction, and check that the copy says the same.

    What a target has that says the same already is left as it is, so that a migration which was
    cut short can be done again. ``source`` is only read.

    Args:
        replace: Whether what the target has besides is deleted.
        progress: Is told of articles and encodings.

    Raises:
        StorageError: The target has something else and ``replace`` is not set, another process
            changes something, or something cannot be read or written.
    """
    for backend in (source, target):
        backend.database.open()
    names, others = collection_names(source.database), collection_names(target.database)
    with ExitStack() as held:
        for backend, name in [(source, n) for n in names] + [(target, n) for n in names]:
            held.enter_context(backend.held_by_one(name))
        before = {name: _contents(source.database, name) for name in names}
        same = {
            name
            for name in names
            if name in others and _contents(target.database, name) == before[name]
        }
        gone = [name for name in others if name not in names]
        in_the_way = [name for name in others if name not in same]
        if in_the_way and not replace:
            raise _has_something(in_the_way)
        uploads = missing = 0
        with _counted(source.database, names, progress) as count:
            are_encodings_kept = _copy_encodings(source.database, target.database, count)
            for name in names:
                found, lost = _copy_uploads(source, target, name)
                uploads, missing = uploads + found, missing + lost
                if name in same:
                    count.add(before[name].articles)
                else:
                    _copy(source, target, name, before[name], count)
    for name in gone:
        _drop(target, name)
    return Migrated(before, uploads, missing, are_encodings_kept)


def index_anew(
    backend: Backend, name: str, encoder: Encoder, progress: Progress | None = None
) -> int | None:
    """Make the index of a collection that was moved; returns how many passages were encoded.

    ``None`` where it has none, or was made with another model.

    Raises:
        CorpusError, StorageError: It cannot be made; it is when the collection is opened next.
    """
    store = CollectionStore(backend.database, name)
    with backend.held_by_one(name):
        record = store.generation()
        if record is None or record.model != encoder.name:
            return None
        segments = backend.segments(name)
        indexer = Indexer(
            backend.database, store, segments, encoder, clock=lambda: datetime.now(UTC)
        )
        built = indexer.build(store.load(), None, progress)
        indexer.keep(built)
        indexer.discard_all_but(built)
        return built.encoded


class _Count:
    """Tells how far everything is."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def add(self, number: int) -> None:
        self._done += number
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)


@contextmanager
def _counted(database: Database, names: list[str], progress: Progress | None) -> Iterator[_Count]:
    total = 0
    if progress is not None:
        for name in names:
            with database.read(name) as connection:
                total += count_articles(connection, name)
        try:
            total += count_encodings(database)
        except DamageError:
            log.debug("Damaged encodings are not counted")
    yield _Count(total, progress)


def _contents(database: Database, name: str) -> Contents:
    with database.read(name) as connection:
        return contents_of(connection, name)


def _copy_encodings(source: Database, target: Database, count: _Count) -> bool:
    try:
        copy_encodings(source, target, count.add)
    except DamageError as error:
        log.warning("The encodings are not moved: %s", error)
        return False
    return True


def _copy_uploads(source: Backend, target: Backend, name: str) -> tuple[int, int]:
    """Copy the uploads of a collection; how many there are, and how many are missing."""
    with source.database.read(name) as connection:
        fingerprints = fingerprints_of(connection, name)
    found = 0
    for fingerprint in fingerprints:
        content = source.originals(name).get(fingerprint)
        if content is not None:
            target.originals(name).keep(content)
            found += 1
    return found, len(fingerprints) - found


def _copy(source: Backend, target: Backend, name: str, expected: Contents, count: _Count) -> None:
    with source.database.read(name) as reading, target.database.write(name) as writing:
        copy_collection(reading, writing, name, count.add)
        found = contents_of(writing, name)
        if found != expected:
            # Raised here, nothing of it is kept.
            raise StorageError(
                f"The copy of the collection {name} is not the same.",
                why=f"It has {found.articles} articles, and the original {expected.articles}.",
                remedy="Nothing of it was kept. Try again, and report it if it stays so.",
            )
        kept = fingerprints_of(writing, name)
    # The index of what was there before, and its uploads.
    target.segments(name).discard_all_but(None)
    target.originals(name).discard_all_but(kept)


def _drop(backend: Backend, name: str) -> None:
    with backend.held_by_one(name):
        backend.segments(name).discard_all_but(None)
        backend.originals(name).discard_all_but(())
        CollectionStore(backend.database, name).drop()
    backend.forget(name)


def _has_something(names: list[str]) -> StorageError:
    return StorageError(
        "There is something already where everything is to be moved.",
        why=f"It has these collections: {', '.join(names)}.",
        remedy="Move to an empty place, or say --replace to delete what is there.",
    )
