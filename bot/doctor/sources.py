"""The articles: whether what the settings name is there and can be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding, of_error
from bot.doctor.installation import Installation
from bot.doctor.reading import UNREADABLE, rows
from retrieval.errors import CorpusError
from retrieval.phrases import from_text

_QUERY: Final = (
    "SELECT collection, name, error FROM sources WHERE error IS NOT NULL ORDER BY collection, name"
)
_MOST: Final = 20
"""Sources that are named one by one."""


def check_sources(installation: Installation) -> Iterator[Finding]:
    """Whether files and folders can be read, and what was wrong with sources last time."""
    from bot.assembly import seeds_folder
    from retrieval.corpus.sources import list_files

    settings = installation.settings
    named: tuple[Path | str, ...] = settings.articles or (seeds_folder(),)
    if installation.corpus is not None:
        named = (installation.corpus,)
    for source in named:
        if isinstance(source, str):
            yield Finding("articles", "ok", f"{source} is an address; it was not asked.")
            continue
        try:
            files = list_files([source])
        except CorpusError as error:
            yield of_error("articles", error)
            continue
        closed = [file for file in files if not os.access(file.path, os.R_OK)]
        if closed:
            more = f" and {len(closed) - 1} more" if len(closed) > 1 else ""
            yield Finding(
                "articles",
                "error",
                f"{closed[0].path}{more} cannot be read by this user.",
                "Give that user the permission to read it.",
            )
        elif not files:
            yield Finding(
                "articles",
                "warning",
                f"There is no article in {source}.",
                "Put Markdown, text, HTML, PDF, DOCX, EPUB or JSON Lines files into it, or name "
                "another with FOOTNOTE_ARTICLES.",
            )
        else:
            yield Finding("articles", "ok", f"{source} holds {len(files):,} file(s).")
    yield from _failed(installation)


def _failed(installation: Installation) -> Iterator[Finding]:
    """What could not be read when it was read last."""
    from retrieval.database.connection import NAME as FILE

    try:
        failed = rows(installation.folder / FILE, _QUERY)
    except UNREADABLE:
        return  # The check of the database says what is wrong.
    for collection, name, error in failed[:_MOST]:
        yield Finding(
            "articles",
            "warning",
            f"{name} of {collection!r} could not be read last time. {from_text(error)}",
            "Correct it, then reload: footnote corpus reload.",
        )
    if len(failed) > _MOST:
        yield Finding(
            "articles",
            "warning",
            f"{len(failed) - _MOST} more could not be read.",
            "footnote corpus status lists them.",
        )
