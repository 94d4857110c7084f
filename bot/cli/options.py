"""The options that every command has, given before its name or after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from bot import logs
from bot.settings import Settings, load_settings

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_TOP: Final = 10


@dataclass(frozen=True, slots=True)
class Options:
    """What the common options say; ``None`` where one was not given."""

    corpus: Path | None = None
    data_dir: Path | None = None
    top: int | None = None

    def settings(self) -> Settings:
        """The settings, with the options in the place of what the environment says."""
        settings = load_settings()
        logs.configure(settings.log_level, settings.log_format)
        if self.data_dir is not None:
            settings = replace(settings, data_dir=self.data_dir)
        return settings


def common_options(function: Function) -> Function:
    """Add ``--corpus``, ``--data-dir`` and ``--top`` to a command."""
    decorators = (
        click.option(
            "--corpus",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Articles in this folder instead of the configured collection.",
        ),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Where indexes are kept (FOOTNOTE_DATA_DIR).",
        ),
        click.option(
            "--top",
            type=click.IntRange(1, 1000),
            metavar="K",
            help=f"How many ranked passages an answer lists (default {DEFAULT_TOP}).",
        ),
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def remember(ctx: click.Context, options: Mapping[str, Any]) -> Options:
    """The options of this command over those given before its name; kept for those below it."""
    before = ctx.obj if isinstance(ctx.obj, Options) else Options()
    given = {name: value for name, value in options.items() if value is not None}
    ctx.obj = merged = replace(before, **given)
    return merged


def json_option(function: Function) -> Function:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")(
        function
    )
