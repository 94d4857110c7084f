"""Discord's marks that the bot itself sets around texts."""

from __future__ import annotations

from collections.abc import Iterable


def small(line: str) -> str:
    """A line in small print."""
    return f"-# {line}"


def beside_each_other(facts: Iterable[str]) -> str:
    """Facts on one line; empty ones are left out."""
    return " · ".join(fact for fact in facts if fact)
