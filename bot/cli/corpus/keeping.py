"""``footnote corpus export``, ``backup`` and ``restore``: articles as files elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.assembly import make_corpora
from bot.cli.corpus.collection import confirm, open_collection, server_option, yes_option
from bot.cli.options import common_options, json_option, remember
from bot.cli.output import print_json
from bot.rendering.printable import printable
from retrieval.corpus.export import export as write

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("export")
@click.argument("path", type=click.Path(path_type=Path), metavar="FILE.zip|FOLDER")
@server_option
@json_option
@common_options
@click.pass_context
def export(
    ctx: click.Context, /, path: Path, server: int | None, as_json: bool, **common: Any
) -> None:
    """Write the articles for people and programs: JSON Lines, Markdown, and what was uploaded.

    "footnote corpus add" reads the articles.jsonl of an export back, word for word.
    """
    with open_collection(remember(ctx, common), server) as corpus:
        number = write(corpus, path)
    if as_json:
        print_json({"path": str(path), "articles": number})
    else:
        click.echo(f"{number} article(s) are in {printable(str(path))}.")


@click.command("backup")
@click.argument("file", type=_FILE)
@json_option
@common_options
@click.pass_context
def backup(ctx: click.Context, /, file: Path, as_json: bool, **common: Any) -> None:
    """Write everything that is kept, of all collections, into FILE. The bot may run meanwhile."""
    options = remember(ctx, common)
    with make_corpora(options.settings(), options.corpus) as corpora:
        corpora.back_up(file)
    size = file.stat().st_size
    if as_json:
        print_json({"path": str(file), "bytes": size})
    else:
        click.echo(f"Everything is kept in {printable(str(file))} ({size / 1e6:.1f} MB).")


@click.command("restore")
@click.argument("file", type=_FILE)
@yes_option
@json_option
@common_options
@click.pass_context
def restore(ctx: click.Context, /, file: Path, yes: bool, as_json: bool, **common: Any) -> None:
    """Put what the backup FILE holds in the place of everything, in all collections."""
    options = remember(ctx, common)
    question = f"Put {printable(str(file))} in the place of all articles, of every server?"
    confirm(question, yes=yes or as_json)
    with make_corpora(options.settings(), options.corpus) as corpora:
        names = corpora.bring_back(file)
    if as_json:
        print_json({"path": str(file), "collections": names})
    else:
        click.echo(f"Brought back: {', '.join(names) or 'an empty collection'}.")
