"""``footnote corpus migrate``: everything that is kept, moved to PostgreSQL or back into files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from bot.assembly import make_answerer, make_backend, make_servers
from bot.cli.complaint import complain
from bot.cli.corpus.collection import confirm, yes_option
from bot.cli.options import common_options, json_option, remember
from bot.cli.output import print_json, progress_bar
from bot.rendering.printable import printable
from bot.settings import Secret, Settings
from retrieval.errors import FootnoteError, SettingsError

if TYPE_CHECKING:
    from bot.store import Store
    from bot.store.copying import People
    from retrieval.corpus.backend import Backend
    from retrieval.corpus.migrating import Migrated

_FILES: Final = "files"
_POSTGRESQL: Final = "postgresql"
_SCHEMES: Final = ("postgresql://", "postgres://")


def _place(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """``files``, ``postgresql``, or the address of a PostgreSQL database."""
    if value in (None, _FILES, _POSTGRESQL) or str(value).startswith(_SCHEMES):
        return value
    # Not quoted: it may be an address after all, with a password.
    raise click.BadParameter("Give files, postgresql or an address postgresql://….")


class _Kept(NamedTuple):
    """What a place keeps."""

    backend: Backend
    store: Store


@click.command("migrate")
@click.option(
    "--from",
    "origin",
    metavar="PLACE",
    callback=_place,
    help="Where everything is now; the other one of files and postgresql where not given.",
)
@click.option("--to", "destination", metavar="PLACE", callback=_place, help="Where it is to be.")
@click.option("--replace", is_flag=True, help="Delete what is there already.")
@yes_option
@json_option
@common_options
@click.pass_context
def migrate(
    ctx: click.Context,
    /,
    origin: str | None,
    destination: str | None,
    replace: bool,
    yes: bool,
    as_json: bool,
    **common: Any,
) -> None:
    """Move everything that is kept to PostgreSQL, or from there into files.

    Stop the bot first: what it changes meanwhile may stay behind. "files" is the folder that
    FOOTNOTE_DATA_DIR names, and "postgresql" the database that FOOTNOTE_DATABASE_URL does; an
    address can be given in its place. What is moved stays where it was too. Nothing is encoded
    again.
    """
    if origin is None and destination is None:
        raise click.UsageError("Say --to postgresql or --to files.")
    source = origin or _other(destination)
    target = destination or _other(origin)
    if source == target:
        raise click.UsageError("Everything is there already: give another place.")
    from bot.store.copying import copy_people, refuse_people
    from retrieval.corpus.migrating import migrate as move

    settings = remember(ctx, common).settings()
    if replace:
        question = f"Delete all that is kept in {_shown(target)}, of every server?"
        confirm(question, yes=yes or as_json)
    with _opened(settings, source) as before, _opened(settings, target) as after:
        people = before.store.database, after.store.database
        refuse_people(*people, replace=replace)
        with progress_bar("Moving articles") as progress:
            moved = move(before.backend, after.backend, replace=replace, progress=progress)
        asked = copy_people(*people, replace=replace)
        encoded = _indexed(settings, after.backend, moved)
    if moved.missing:
        complain(f"{moved.missing} uploaded file(s) were missing or damaged before.")
    if not moved.are_encodings_kept:
        complain("The stored encodings were damaged, so that passages are encoded again.")
    if as_json:
        print_json(_as_json(source, target, moved, asked, encoded))
    else:
        _tell(target, moved, asked)


def _other(place: str | None) -> str:
    return _POSTGRESQL if place == _FILES else _FILES


def _shown(place: str) -> str:
    """A place without its address, in which a password may be."""
    return "the data folder" if place == _FILES else "the PostgreSQL database"


@contextmanager
def _opened(settings: Settings, place: str) -> Iterator[_Kept]:
    from bot.services import make_store

    own = _settings_of(settings, place)
    servers = make_servers(own)
    with closing(make_backend(own, servers)) as backend, closing(make_store(own, servers)) as store:
        yield _Kept(backend, store)


def _settings_of(settings: Settings, place: str) -> Settings:
    """The settings with which everything is in a place.

    Raises:
        SettingsError: Nothing says where that is.
    """
    # A replica may be behind what is copied.
    settings = changed(settings, replica_urls=())
    if place == _FILES:
        return changed(settings, database_url=None)
    if place != _POSTGRESQL:
        return changed(settings, database_url=Secret(place))
    if settings.database_url is None:
        raise SettingsError(
            "FOOTNOTE_DATABASE_URL is not set.",
            why="It says where the PostgreSQL database is.",
            remedy="Set it, or give an address in the place of the word postgresql.",
        )
    return settings


def _indexed(settings: Settings, backend: Backend, moved: Migrated) -> dict[str, int | None]:
    """Make the indexes of what was moved; how many passages of each collection were encoded."""
    from retrieval.corpus.migrating import index_anew

    encoder = make_answerer(settings).encoder
    encoded = {}
    for name in moved.collections:
        try:
            with progress_bar(f"Indexing {name}") as progress:
                encoded[name] = index_anew(backend, name, encoder, progress)
        except FootnoteError as error:
            complain(f"The index of {name} is made when it is opened next. {error}")
            encoded[name] = None
    return encoded


def _as_json(
    source: str,
    target: str,
    moved: Migrated,
    asked: People,
    encoded: dict[str, int | None],
) -> dict[str, Any]:
    return {
        "from": _FILES if source == _FILES else _POSTGRESQL,
        "to": _FILES if target == _FILES else _POSTGRESQL,
        "collections": [
            {
                "name": name,
                "sources": contents.sources,
                "articles": contents.articles,
                "passages": contents.passages,
                "digest": contents.digest,
                "encoded": encoded[name],
            }
            for name, contents in moved.collections.items()
        ],
        "uploads": moved.uploads,
        "missing": moved.missing,
        "people": asked.counts,
    }


def _tell(target: str, moved: Migrated, asked: People) -> None:
    for name, contents in moved.collections.items():
        click.echo(
            f"{printable(name)}: {contents.articles} article(s), {contents.passages} passage(s)."
        )
    if not moved.collections:
        click.echo("There are no articles.")
    click.echo(f"{asked.counts['asked']} question(s) that people asked.")
    if target == _FILES:
        click.echo("Everything is in the data folder now. Remove FOOTNOTE_DATABASE_URL to use it.")
    else:
        click.echo("Everything is in PostgreSQL now. Set FOOTNOTE_DATABASE_URL to use it.")
