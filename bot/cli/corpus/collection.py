"""Which collection a command is about, and how a person is asked before it changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import click

from bot.assembly import make_corpora
from bot.cli.options import Options
from bot.cli.output import print_json, warn
from retrieval.corpus import Corpus, Report

Function = TypeVar("Function", bound=Callable[..., Any])

SERVER_ID: Final = click.IntRange(1, 2**64 - 1)


def server_option(function: Function) -> Function:
    """Add ``--server``."""
    return click.option(
        "--server",
        type=SERVER_ID,
        metavar="ID",
        help="The collection of this Discord server instead of the shared one.",
    )(function)


def yes_option(function: Function) -> Function:
    """Add ``--yes``."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(function)


@contextmanager
def open_collection(options: Options, server: int | None) -> Iterator[Corpus]:
    """A server's collection, or the shared one where none is named, until the end of the block.

    Raises:
        StorageError: It cannot be read.
    """
    if server is not None and options.corpus is not None:
        raise click.UsageError("Give either --server or --corpus.")
    with make_corpora(options.settings(), options.corpus) as corpora:
        yield corpora.shared if server is None else corpora.server(server)


def print_report(report: Report, as_json: bool) -> None:
    """Print what a change did."""
    if as_json:
        warn(report)
        print_json(report.as_json())
        return
    from bot.rendering.terminal import Terminal

    Terminal().show_report(report)


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person, where there is one to answer; programs are not asked.

    Raises:
        click.exceptions.Exit: The answer is no.
    """
    if yes or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    if not click.confirm(question, err=True):
        click.echo("Nothing was changed.", err=True)
        raise click.exceptions.Exit(1)
