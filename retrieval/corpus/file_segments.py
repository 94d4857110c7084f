"""The segments of a collection in files: each in a folder of its own, as ``Storage`` keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from retrieval.articles import Article
from retrieval.corpus.generation import Generation
from retrieval.corpus.segment import Segment, open_segment, write_segment
from retrieval.corpus.segment_articles import RECORDS
from retrieval.corpus.segments import generation_of, manifest_of
from retrieval.corpus.storage import Storage
from retrieval.database.records import GenerationRecord
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import CHECKED_ON_READING
from retrieval.errors import DamagedError
from retrieval.languages import Language

_UNREADABLE: Final = (OSError, ValueError, TypeError, KeyError, RuntimeError)
"""What opening the files of a segment raises when they are not what was written."""


class FileSegments:
    """Segments in ``folder``, beside folders which say which of them a generation has."""

    def __init__(self, folder: Path) -> None:
        self._storage = Storage(folder)

    def has(self, name: str) -> bool:
        return self._storage.has(name)

    def write(
        self,
        name: str,
        model: str,
        form: str,
        articles: Sequence[tuple[Article, Language]],
        passages: Iterable[IndexedPassage],
        average_length: float,
    ) -> None:
        def write_files(folder: Path) -> dict[str, Any]:
            written = write_segment(folder, model, articles, passages, average_length)
            return {**written, "form": form}

        self._storage.write(name, write_files)

    def open(self, name: str, *, trusting: bool = True) -> Segment:
        later = (*CHECKED_ON_READING, RECORDS) if trusting else ()
        stored = self._storage.open(name, later)
        if stored is None:
            raise DamagedError(f"{name} is missing")
        folder, manifest = stored
        try:
            return open_segment(
                name,
                folder,
                manifest["model"],
                trusted=not manifest["unchecked"],
                form=manifest["form"],
            )
        except _UNREADABLE as error:
            raise DamagedError(f"the index in {name} cannot be read: {error}") from error

    def keep(self, generation: Generation) -> None:
        manifest = manifest_of(generation)
        self._storage.write(_name_of(generation.digest), lambda _: manifest)

    def generation(self, record: GenerationRecord, *, trusting: bool = True) -> Generation | None:
        stored = self._storage.open(_name_of(record.digest))
        if stored is None:
            return None
        _, manifest = stored
        return generation_of(record, manifest, partial(self.open, trusting=trusting))

    def discard_all_but(self, generation: Generation | None) -> None:
        names = set()
        if generation is not None:
            names = {part.segment.name for part in generation.parts}
            names.add(_name_of(generation.digest))
        self._storage.discard_all_but(names)


def _name_of(digest: str) -> str:
    return digest[:32]
