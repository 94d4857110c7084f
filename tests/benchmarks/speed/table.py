"""All figures of speed with their aims, as the Markdown table of the README.

    python -m tests.benchmarks.speed.table FILE.json [...] [--padding FILE ...] [--python PYTHON]
                                           [--million DIR] [--only NAME ...] [--json OUT]

Runs one benchmark after the other, each as a process of its own, so that none has another's memory
or caches. One that fails is said on standard error, and the others still run; the exit status is
then 1. PYTHON is an interpreter with the extra ``benchmarks``, for the peers. DIR is where
``million`` keeps its passages; without it that one is left out, since to make them takes a quarter
of an hour and 15 GB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.speed.command import parser
from tests.benchmarks.speed.results import Result, read_results, show

_WITH_QUESTIONS = ("question", "peers", "askers", "reload", "encoding")
_WITH_PADDING = ("peers", "reload", "encoding")
_WITH_A_MILLION = {"million": "--folder", "sizes": "--million"}
"""The option that says where the million passages are."""
NAMES = ("question", "peers", "cold", "askers", "reload", "encoding", "memory", "million", "sizes")


def run(name: str, options: Sequence[str]) -> list[Result] | None:
    """What a benchmark found; ``None`` where it failed, which it has said."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "results.json"
        command = [sys.executable, "-m", f"tests.benchmarks.speed.{name}", *options]
        command += ["--json", str(found)]
        ended = subprocess.run(command, stdout=sys.stderr)
        return read_results(found) if ended.returncode == 0 else None


def options_of(
    name: str,
    files: Sequence[Path],
    padding: Sequence[Path],
    python: str,
    a_million: Path | None = None,
) -> list[str]:
    """What a benchmark is called with."""
    options = [*map(str, files)] if name in _WITH_QUESTIONS else []
    if name in _WITH_PADDING:
        options += [word for path in padding for word in ("--padding", str(path))]
    if name == "peers":
        options += ["--python", python]
    if name in _WITH_A_MILLION and a_million is not None:
        options += [_WITH_A_MILLION[name], str(a_million)]
    return options


def markdown(results: Mapping[str, Sequence[Result]]) -> str:
    """The table, a line for each result."""
    lines = ["| | measured | aim | |", "| --- | --: | --: | --- |"]
    lines += [
        f"| {result.what} (`{name}`) | {result.value_shown} | {result.aim_shown} | "
        f"{'met' if result.is_met else '**missed**'} |"
        for name, found in results.items()
        for result in found
    ]
    return "\n".join(lines)


def main() -> int:
    arguments = parser("table", __doc__, model=False)
    arguments.add_argument("--padding", action="append", default=[], type=Path, metavar="FILE")
    arguments.add_argument("--python", default=sys.executable, help="that has the peers")
    arguments.add_argument("--million", type=Path, metavar="DIR", help="keeps a million passages")
    arguments.add_argument("--only", nargs="+", choices=NAMES)
    given = arguments.parse_args()
    names = given.only or [name for name in NAMES if name != "million" or given.million is not None]
    found: dict[str, list[Result]] = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        options = options_of(name, given.files, given.padding, given.python, given.million)
        results = run(name, options)
        if results is not None:
            found[name] = results
    print(markdown(found))
    if given.json is not None:
        show([result for results in found.values() for result in results], given.json)
    return 0 if len(found) == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
