"""Folders and files into articles."""

from __future__ import annotations

import hashlib
import os
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
    reloads; files whose ids would be alike are told apart by their extension and folder.

    Args:
        sources: Folders and files; later ones do not replace earlier ones.
        excluded: Ids that are left out.

    Raises:
        CorpusError: A source is missing or cannot be listed.
    """
    files = [(source, path) for source in sources for path in _files(source)]
    articles: dict[str, Article] = {}
    paths: dict[str, Path] = {}
    failures: dict[str, ArticleError] = {}
    for number, (article_id, path) in enumerate(_with_ids(files), start=1):
        if article_id not in excluded:
            paths[article_id] = path
            try:
                articles[article_id] = readers.read(path, article_id)
            except ArticleError as error:
                failures[article_id] = error
        if progress is not None:
            progress(number, len(files))
    return Catalogue(articles, paths, failures)


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise CorpusError(
            f"There are no articles at {source}.",
            why="No such file or folder.",
            remedy="Create it, or name another with FOOTNOTE_ARTICLES or --corpus.",
        )
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


def _with_ids(files: Sequence[tuple[Path, Path]]) -> Iterator[tuple[str, Path]]:
    taken: set[str] = set()
    for source, path in files:
        below = path.relative_to(source) if path != source else Path(path.name)
        article_id = readers.slug(str(below.with_suffix("")))
        if article_id in taken:
            article_id = readers.slug(str(below))
        if article_id in taken:
            mark = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:8]
            article_id = f"{article_id}-{mark}"
        taken.add(article_id)
        yield article_id, path
