"""Where the segments and the generations of one collection are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from retrieval.articles import Article
from retrieval.corpus import generation as generations
from retrieval.corpus.generation import Generation, Part
from retrieval.corpus.segment import Segment
from retrieval.database.records import GenerationRecord
from retrieval.engines import IndexedPassage
from retrieval.errors import DamagedError
from retrieval.languages import Language


class SegmentStore(Protocol):
    """The segments of one collection, which are never changed, and which of them each of its
    generations has. Safe to share by threads.

    Both are made from the database and can be made again.
    """

    def has(self, name: str) -> bool:
        """Whether there is a segment that a new generation may name.

        Raises:
            StorageError: It cannot be told.
        """
        ...

    def write(
        self,
        name: str,
        model: str,
        form: str,
        articles: Sequence[tuple[Article, Language]],
        passages: Iterable[IndexedPassage],
        average_length: float,
    ) -> None:
        """Keep a segment, in the place of one of the same name. All of it is kept, or nothing.

        Args:
            name: Of everything that it is made from.
            model: The name of the encoder.
            form: As ``kept.form_of`` gives it.
            articles: Each with its language, in order; at least one.
            passages: Theirs, in the same order; at least one. They need not fit into memory.
            average_length: Of all passages of the collection, in words.

        Raises:
            StorageError: It cannot be kept.
        """
        ...

    def open(self, name: str, *, trusting: bool = True) -> Segment:
        """A segment that was kept.

        Args:
            trusting: Whether what is large may be checked part by part, when it is read.

        Raises:
            DamagedError: It is missing, not whole, or of another version.
            StorageError: It cannot be read.
        """
        ...

    def keep(self, generation: Generation) -> None:
        """Keep which segments a generation has. Nobody opens it before its articles are kept too.

        Raises:
            StorageError: It cannot be kept.
        """
        ...

    def generation(self, record: GenerationRecord, *, trusting: bool = True) -> Generation | None:
        """The generation that was kept under a record's digest; ``None`` where none was.

        Args:
            trusting: As ``open`` has it.

        Raises:
            DamagedError: It is not whole, or of another version.
            StorageError: It cannot be read.
        """
        ...

    def discard_all_but(self, generation: Generation | None) -> None:
        """Delete what no part of a generation needs.

        Best effort: what cannot be deleted now is deleted after the next change.
        """
        ...


def manifest_of(generation: Generation) -> dict[str, Any]:
    """What is kept of a generation, fit for JSON: which segments it has."""
    return {
        "format": generations.FORMAT,
        "digest": generation.digest,
        "parts": [
            {"name": part.segment.name, "gone": sorted(part.gone)} for part in generation.parts
        ],
    }


def generation_of(
    record: GenerationRecord, manifest: Mapping[str, Any], open_segment: Callable[[str], Segment]
) -> Generation:
    """The generation that a manifest describes.

    Args:
        open_segment: Gives a segment by its name.

    Raises:
        DamagedError: The manifest is of another version, or a segment cannot be opened.
    """
    if (manifest.get("format"), manifest.get("digest")) != (generations.FORMAT, record.digest):
        raise DamagedError("the index is of another version")
    parts = [
        Part(open_segment(part["name"]), frozenset(part["gone"])) for part in manifest["parts"]
    ]
    return Generation(record.digest, record.created, record.model, parts, record.encoded)
