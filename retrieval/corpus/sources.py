"""Where articles come from: what the settings name, and what people add."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval import readers
from retrieval.errors import CorpusError
from retrieval.phrases import phrase

Configured = Path | str
"""A source that the settings name: a file, a folder with all that is below it, or an address."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody hands over.

    Attributes:
        name: Its name, which says what format it has. Never used as a path.
        format: The same, where it is known otherwise.
    """

    name: str
    content: bytes
    format: str | None = None


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A page or a feed that somebody names."""

    url: str


Addition = Upload | WebAddress


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file that is to be read, and its path as seen from the source that holds it.

    ``location`` tells it from every other file.
    """

    path: Path
    source: Path
    location: str

    @property
    def below(self) -> Path:
        """The path below the source: what people call the file."""
        if self.path == self.source:
            return Path(self.path.name)
        return self.path.relative_to(self.source)

    @property
    def name(self) -> str:
        """The same as text, whatever bytes the name is made of."""
        return readable(self.below)


def list_files(sources: Sequence[Configured]) -> list[ListedFile]:
    """Every article file in ``sources``, in their order; one that several hold is listed once.

    Raises:
        CorpusError: A source is missing or cannot be listed.
    """
    found: dict[str, ListedFile] = {}
    for source in sources:
        if isinstance(source, Path):
            for path in _listed(source):
                location = readable(Path(os.path.realpath(path)))
                found.setdefault(location, ListedFile(path, source, location))
    return list(found.values())


def readable(path: Path) -> str:
    """A path as text, with what is not UTF-8 written as numbers."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _listed(source: Path) -> list[Path]:
    try:
        kind = source.stat().st_mode
    except (OSError, ValueError) as error:
        raise CorpusError(
            phrase("There are no articles at {source}.", source=source),
            why=phrase(
                "The system says: {reason}.", reason=getattr(error, "strerror", None) or error
            ),
            remedy=phrase("Create it, or name another with FOOTNOTE_ARTICLES or --corpus."),
        ) from error
    if not stat.S_ISDIR(kind):
        return [source]
    found: list[Path] = []

    def fail(error: OSError) -> None:
        raise CorpusError(
            phrase("The folder {folder} cannot be read.", folder=error.filename),
            why=phrase("The system says: {reason}.", reason=error.strerror),
            remedy=phrase("Check that this user may list it."),
        ) from error

    for folder, subfolders, names in os.walk(source, onerror=fail):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        found.extend(
            path for name in sorted(names) if readers.is_readable(path := Path(folder, name))
        )
    return found
