"""What the command lines of all these benchmarks have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.settings import DEFAULT_MODEL


def parser(
    name: str, about: str | None, *, files: bool = True, model: bool = True
) -> argparse.ArgumentParser:
    """A parser that knows ``--json``, and question sets where they are asked for.

    Args:
        about: The module's docstring, of which the first line is shown.
    """
    made = argparse.ArgumentParser(
        prog=f"python -m tests.benchmarks.speed.{name}",
        description=(about or "").partition("\n")[0],
    )
    if files:
        made.add_argument(
            "files", nargs="+", type=Path, metavar="FILE", help="question sets in SQuAD's form"
        )
    if files and model:
        made.add_argument("--model", default=DEFAULT_MODEL)
    made.add_argument("--json", type=Path, metavar="OUT", help="write the results there too")
    return made


def add_padding(to: argparse.ArgumentParser, passages: int) -> None:
    """The options for a corpus that is larger than the question sets are."""
    to.add_argument("--passages", type=int, default=passages, help="of the corpus")
    to.add_argument(
        "--padding",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="more text for the corpus, plain or in SQuAD's form; made text fills up what lacks",
    )


@contextmanager
def folder(given: Path | None = None) -> Iterator[Path]:
    """A folder for what is built: the given one, which stays, or one that is gone at the end."""
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with TemporaryDirectory(prefix="footnote-speed-") as made:
        yield Path(made)
