"""``footnote corpus``: the articles of a collection, and what is kept of them."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.corpus.adding import add
from bot.cli.corpus.changing import reload, remove, share, undo
from bot.cli.corpus.keeping import backup, export, restore
from bot.cli.corpus.migrating import migrate
from bot.cli.corpus.showing import list_, show, status
from bot.cli.options import common_options, remember


@click.group("corpus")
@common_options
@click.pass_context
def command(ctx: click.Context, /, **common: Any) -> None:
    """List, show, add, remove and reload articles; keep copies of them."""
    remember(ctx, common)


for _command in (
    list_,
    show,
    status,
    add,
    remove,
    undo,
    reload,
    share,
    export,
    backup,
    restore,
    migrate,
):
    command.add_command(_command)
