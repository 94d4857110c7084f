"""What goes wrong, said on standard error."""

from __future__ import annotations

import click

from bot.rendering.printable import printable


def complain(message: object) -> None:
    """One message for the person at the terminal; file names in it may hold anything."""
    click.echo(f"footnote: {printable(str(message))}", err=True)
