"""Folders and files into articles."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError, CorpusError


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the sources hold: the articles by id, and each file that could not be read."""

    articles: dict[str, Article]
    paths: dict[str, Path]
    failures: dict[str, ArticleError]


def read_sources(
    sources: Sequence[Path],
    excluded: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Catalogue:
    """Read every article file in ``sources``: files, and folders with all that is below them.

    An article's id is made from its path below the folder, so that it stays the same between
    reloads; files whose ids would be alike are told apart by their extension and folder. A file
    that several sources hold is read once.

    Args:
        sources: Folders and files; later ones do not replace earlier ones.
        excluded: Ids that are left out.

    Raises:
        CorpusError: A source is missing or cannot be listed.
    """
    files = _files(sources)
    articles: dict[str, Article] = {}
    paths: dict[str, Path] = {}
    failures: dict[str, ArticleError] = {}
    for number, (article_id, file) in enumerate(_with_ids(files), start=1):
        if article_id not in excluded:
            paths[article_id] = file.path
            try:
                articles[article_id] = readers.read(file.path, article_id, str(file.below))
            except ArticleError as error:
                failures[article_id] = error
        if progress is not None:
            progress(number, len(files))
    return Catalogue(articles, paths, failures)


@dataclass(frozen=True, slots=True)
class _File:
    """A file and its path as seen from the source that holds it."""

    path: Path
    source: Path

    @property
    def below(self) -> Path:
        if self.path == self.source:
            return Path(self.path.name)
        return self.path.relative_to(self.source)


def _files(sources: Sequence[Path]) -> list[_File]:
    found: dict[str, _File] = {}
    for source in sources:
        for path in _listed(source):
            found.setdefault(os.path.realpath(path), _File(path, source))
    return list(found.values())


def _listed(source: Path) -> list[Path]:
    try:
        kind = source.stat().st_mode
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"There are no articles at {source}.",
            why=f"The system says: {getattr(error, 'strerror', None) or error}.",
            remedy="Create it, or name another with FOOTNOTE_ARTICLES or --corpus.",
        ) from error
    if not stat.S_ISDIR(kind):
        return [source]
    found: list[Path] = []

    def fail(error: OSError) -> None:
        raise CorpusError(
            f"The folder {error.filename} cannot be read.",
            why=f"The system says: {error.strerror}.",
            remedy="Check that this user may list it.",
        ) from error

    for folder, subfolders, names in os.walk(source, onerror=fail):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        found.extend(
            path for name in sorted(names) if readers.is_readable(path := Path(folder, name))
        )
    return found


def _with_ids(files: Sequence[_File]) -> Iterator[tuple[str, _File]]:
    taken: set[str] = set()
    for file in files:
        article_id = readers.slug(str(file.below.with_suffix("")))
        if article_id in taken:
            article_id = readers.slug(str(file.below))
        mark = os.fsencode(file.below)
        while article_id in taken:
            mark = hashlib.sha256(mark).digest()
            article_id = f"{readers.slug(str(file.below))}-{mark.hex()[:8]}"
        taken.add(article_id)
        yield article_id, file
