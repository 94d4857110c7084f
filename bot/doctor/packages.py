"""Python and the packages: whether they are those that the distribution asks for."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.deployment.packages import (
    DISTRIBUTION,
    FOR_NAMES,
    PREPARING,
    installed_packages,
    is_taken_out,
)
from bot.doctor.finding import Finding

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_INSTALL: Final = "Run 'make install', or 'pip install --force-reinstall {wanted}'."


class _Wanted(NamedTuple):
    """A requirement, and the package that asks for it."""

    requirement: Requirement
    by: str


def check_python(version: Sequence[int] = sys.version_info[:3]) -> Iterator[Finding]:
    """Whether Python is new enough."""
    shown = ".".join(map(str, version))
    if tuple(version[:2]) >= (3, 11):
        yield Finding("python", "ok", f"Python {shown} runs Footnote.")
        return
    yield Finding(
        "python",
        "error",
        f"Python {shown} is too old: Footnote needs 3.11 or newer.",
        "Install a newer one, remove .venv, then run 'make PYTHON=python3.12 install'.",
    )


def check_packages(
    distribution: str = DISTRIBUTION,
    extras: Sequence[str] = (),
    path: Sequence[str] | None = None,
) -> Iterator[Finding]:
    """Whether everything is installed that the distribution requires, and what that requires.

    Args:
        extras: Those of the distribution that are in use.
        path: Folders in which packages are looked for; those of Python where not given.
    """
    from packaging.utils import canonicalize_name

    installed = installed_packages(path)
    optional = {*PREPARING, FOR_NAMES[1]} if is_taken_out(installed) else frozenset[str]()
    own = installed.get(canonicalize_name(distribution))
    if own is None:
        yield Finding(
            "packages",
            "warning",
            f"{distribution} is not installed as a package, so it is not known what it requires.",
            "Run 'make install', or 'pip install .' in Footnote's folder.",
        )
        return
    faults = 0
    left_out = False
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = list(_required(own, frozenset(extras), distribution))
    while waiting:
        wanted, by = waiting.pop(0)
        name = canonicalize_name(wanted.name)
        found = installed.get(name)
        if found is None and name in optional:
            left_out = True
            continue
        fault = _fault(wanted, found, by, is_own=by == distribution)
        if fault is not None:
            faults += 1
            yield fault
        key = (name, frozenset(wanted.extras))
        if found is not None and key not in seen:
            seen.add(key)
            waiting += _required(found, key[1], found.metadata["Name"])
    if left_out:
        yield Finding(
            "packages",
            "note",
            "PyTorch and what else makes a model ready are not installed. A model that is ready "
            "runs without them.",
            "Another MODEL and a RERANKER_MODEL need them: run 'pip install footnote-bot', or "
            "build the container with '--target complete'.",
        )
    if not faults:
        count = len({name for name, _ in seen})
        yield Finding(
            "packages",
            "ok",
            f"{distribution} {own.version} and the {count} packages that it requires are there.",
        )


def _required(found: Distribution, extras: frozenset[str], by: str) -> Iterator[_Wanted]:
    """What a package requires on this machine."""
    from packaging.requirements import InvalidRequirement, Requirement

    for text in found.requires or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # An old package of others that pip could read.
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield _Wanted(requirement, by)


def _fault(
    wanted: Requirement, found: Distribution | None, by: str, *, is_own: bool
) -> Finding | None:
    """What is wrong with an installed package, if anything is."""
    asked = f"{wanted.name}{wanted.specifier}"
    remedy = _INSTALL.format(wanted=f"'{asked}'" if re.search("[<>!]", asked) else asked)
    if found is None:
        return Finding(
            "packages", "error", f"{wanted.name} is missing, which {by} requires.", remedy
        )
    if wanted.specifier.contains(found.version, prereleases=True):
        return None
    return Finding(
        "packages",
        # Another package than Footnote often asks for less than it can work with.
        "error" if is_own else "warning",
        f"{wanted.name} is {found.version}, but {by} requires {wanted.specifier}.",
        remedy,
    )
