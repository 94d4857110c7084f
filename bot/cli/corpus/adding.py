"""``footnote corpus add``: files, folders, pages and feeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from bot.cli.corpus.collection import open_collection, print_report, server_option
from bot.cli.options import common_options, json_option, remember
from bot.cli.output import progress_bar
from bot.rendering.printable import printable
from retrieval.corpus import Addition, Upload, WebAddress
from retrieval.corpus.sources import ListedFile, list_files
from retrieval.errors import ArticleError, CorpusError
from retrieval.limits import Limits
from retrieval.readers import format_of_name, known_formats, slug
from retrieval.readers.files import open_file

_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)


def _places(
    ctx: click.Context, param: click.Parameter, values: Sequence[str]
) -> tuple[Path | WebAddress, ...]:
    """Addresses as they are, everything else as the path of something that is there."""
    places: list[Path | WebAddress] = []
    for value in values:
        if _ADDRESS.match(value):
            places.append(WebAddress(value))
        elif Path(value).exists():
            places.append(Path(value))
        else:
            raise click.BadParameter(
                f"There is no file or folder {printable(value)!r}.", ctx, param
            )
    return tuple(places)


@click.command("add")
@click.argument("places", callback=_places, metavar="PATH|URL...", nargs=-1, required=True)
@server_option
@json_option
@common_options
@click.pass_context
def add(
    ctx: click.Context,
    /,
    places: Sequence[Path | WebAddress],
    server: int | None,
    as_json: bool,
    **common: Any,
) -> None:
    """Copy files, all articles in folders, pages and feeds into the collection and serve them.

    What cannot be added is named at the end; the others are added all the same. The exit status
    is 1 then.
    """
    options = remember(ctx, common)
    limits = options.settings().limits
    with (
        open_collection(options, server) as corpus,
        progress_bar("Indexing articles") as progress,
    ):
        report = corpus.add_all(_additions(_items(places), limits), progress)
    print_report(report, as_json)
    ctx.exit(1 if report.of("failed") else 0)


def _items(places: Iterable[Path | WebAddress]) -> Iterator[ListedFile | WebAddress | ArticleError]:
    """Every file and address that the places name, each once; and what is wrong with a folder."""
    seen: set[str] = set()
    for place in places:
        if isinstance(place, WebAddress):
            if place.url not in seen:
                yield place
            seen.add(place.url)
            continue
        name = str(place)
        try:
            files = list_files([place])
        except CorpusError as error:
            yield ArticleError(name, error.what, why=error.why, remedy=error.remedy)
            continue
        if not files:
            yield ArticleError(
                name, f"There are no articles in {name}.", why=f"These are: {known_formats()}."
            )
        for file in files:
            if file.location not in seen:
                yield file
            seen.add(file.location)


def _additions(
    items: Iterable[ListedFile | WebAddress | ArticleError], limits: Limits
) -> Iterator[Addition | ArticleError]:
    """The same with the files read, one by one; and what is wrong with one that cannot be."""
    names: dict[str, str] = {}
    for item in items:
        try:
            yield _upload(item, names, limits) if isinstance(item, ListedFile) else item
        except ArticleError as error:
            yield error


def _upload(file: ListedFile, names: dict[str, str], limits: Limits) -> Upload:
    """A file under its name, with the names of the folders between it and the one that was named.

    Args:
        names: The files added so far, by what tells their names apart.

    Raises:
        ArticleError: It cannot be read, or another file has its name.
    """
    name = re.sub(r"[/\\]+", "-", file.name)
    other = names.setdefault(slug(name), file.location)
    if other != file.location:
        raise ArticleError(
            file.name,
            f"{file.location} has the same name as {other}, which would be replaced.",
            remedy="Rename one of them, then add it.",
        )
    return Upload(name, open_file(file.path, file.name, limits), format_of_name(file.path.name))
