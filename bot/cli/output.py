"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

from bot.assembly import make_corpora
from bot.cli.complaint import complain
from bot.cli.options import Options
from retrieval.corpus import Corpora, Report
from retrieval.encoders import Progress

_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def print_json(value: Any) -> None:
    """One JSON value on one line of standard output."""
    # JSON escapes the control characters below 32 by itself. A terminal acts on others too, some
    # readers of lines break at the separators, and halves of surrogate pairs cannot be written.
    text = json.dumps(value, ensure_ascii=False)
    click.echo(_UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


@contextmanager
def progress_bar(title: str) -> Iterator[Progress | None]:
    """A bar on standard error while a person watches it; ``None`` where nobody does."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def open_corpora(options: Options) -> Iterator[Corpora]:
    """The collections that the options name, the shared one ready to be asked, until the end.

    What failed is said on standard error.

    Raises:
        FootnoteError: They cannot be opened.
    """
    with make_corpora(options.settings(), options.corpus) as corpora:
        with progress_bar("Indexing articles") as progress:
            report = corpora.open(progress)
        warn(report)
        yield corpora


def warn(report: Report) -> None:
    """Say on standard error what a person should know of a reload."""
    for notice in report.notices:
        complain(notice)
    for change in report.of("failed"):
        complain(change.reason)
