"""What is wrong with an installation, for a terminal.

Made without the libraries that other commands print with: one of them may be what is missing.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from typing import Final

import click

from bot.doctor import Finding, Severity
from bot.rendering.printable import printable

_COLOURS: Final[dict[Severity, str]] = {
    "ok": "green",
    "note": "cyan",
    "warning": "yellow",
    "error": "red",
}
_SEVERITY: Final = 7
_NAME: Final = 11
"""Characters of the first two columns."""
_NARROWEST: Final = 40


def show_finding(finding: Finding) -> None:
    """A line for what was found, and one for the remedy below it."""
    severity = click.style(f"{finding.severity:{_SEVERITY}}", fg=_COLOURS[finding.severity])
    _echo(f"{severity}  {printable(finding.name):{_NAME}}  {_wrapped(finding.message)}")
    if finding.remedy:
        _echo(f"{_margin()}{_wrapped(f'→ {finding.remedy}')}")


def show_count(findings: Iterable[Finding]) -> None:
    """How many warnings and errors there are."""
    severities = [finding.severity for finding in findings]
    counts = [
        f"{count} {name}{'s' if count != 1 else ''}"
        for name in ("error", "warning")
        if (count := severities.count(name))
    ]
    _echo("")
    _echo(f"{' and '.join(counts)}." if counts else "Nothing is wrong.")


def _margin() -> str:
    return " " * (_SEVERITY + _NAME + 4)


def _wrapped(text: str) -> str:
    """The text in the third column; in a pipe it stays one line."""
    shown = printable(text).replace("\n", " ")
    if not sys.stdout.isatty():
        return shown
    margin = _margin()
    width = max(_NARROWEST, shutil.get_terminal_size().columns - len(margin))
    lines = textwrap.wrap(shown, width, break_long_words=False, break_on_hyphens=False)
    return f"\n{margin}".join(lines)


def _echo(text: str) -> None:
    # click leaves colours out where no terminal is; that somebody wants none it does not know.
    click.echo(text, color=False if os.environ.get("NO_COLOR") else None)
