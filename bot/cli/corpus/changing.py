"""``footnote corpus remove``, ``undo``, ``reload`` and ``share``: changes of what is there."""

from __future__ import annotations

from typing import Any

import click

from bot.assembly import make_corpora
from bot.cli.corpus.collection import (
    SERVER_ID,
    confirm,
    open_collection,
    print_report,
    server_option,
    yes_option,
)
from bot.cli.options import common_options, json_option, remember
from bot.cli.output import print_json, progress_bar


@click.command("remove")
@click.argument("article", metavar="ARTICLE|URL")
@yes_option
@server_option
@json_option
@common_options
@click.pass_context
def remove(
    ctx: click.Context,
    /,
    article: str,
    yes: bool,
    server: int | None,
    as_json: bool,
    **common: Any,
) -> None:
    """Stop serving ARTICLE, or all that came from the page or feed at URL.

    For a day "footnote corpus undo" brings it back. A file that the settings name is left alone.
    """
    options = remember(ctx, common)
    confirm(f"Remove {article}? For a day it can be brought back.", yes=yes or as_json)
    with (
        open_collection(options, server) as corpus,
        progress_bar("Indexing articles") as progress,
    ):
        report = corpus.remove(article, progress)
    print_report(report, as_json)
    if not as_json:
        of_server = f" --server {server}" if server is not None else ""
        click.echo(f"Within a day, this brings it back: footnote corpus undo{of_server}")


@click.command("undo")
@click.argument("article", metavar="[ARTICLE|URL]", required=False)
@server_option
@json_option
@common_options
@click.pass_context
def undo(
    ctx: click.Context, /, article: str | None, server: int | None, as_json: bool, **common: Any
) -> None:
    """Bring back ARTICLE, or what was removed last, within a day."""
    with (
        open_collection(remember(ctx, common), server) as corpus,
        progress_bar("Indexing articles") as progress,
    ):
        report = corpus.undo(article, progress)
    print_report(report, as_json)


@click.command("reload")
@server_option
@json_option
@common_options
@click.pass_context
def reload(ctx: click.Context, /, server: int | None, as_json: bool, **common: Any) -> None:
    """Read files, pages and feeds again; say what was added, changed, removed or failed."""
    with (
        open_collection(remember(ctx, common), server) as corpus,
        progress_bar("Indexing articles") as progress,
    ):
        report = corpus.reload(progress)
    print_report(report, as_json)


@click.command("share")
@click.argument("switch", type=click.Choice(["on", "off"]), metavar="on|off")
@click.option("--server", type=SERVER_ID, metavar="ID", required=True, help="The Discord server.")
@json_option
@common_options
@click.pass_context
def share(ctx: click.Context, /, switch: str, server: int, as_json: bool, **common: Any) -> None:
    """Answer a server's members from the shared collection too, or from its own alone."""
    options = remember(ctx, common)
    with make_corpora(options.settings(), options.corpus) as corpora:
        corpora.set_uses_shared(server, switch == "on")
    if as_json:
        print_json({"server": server, "uses_shared": switch == "on"})
    elif switch == "on":
        click.echo(f"Server {server} is answered from the shared articles too.")
    else:
        click.echo(f"Server {server} is answered from its own articles alone.")
