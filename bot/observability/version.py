"""Which Footnote this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """Of this distribution; ``unknown`` where it is not installed as one."""
    try:
        return version("footnote-bot")
    except PackageNotFoundError:
        return "unknown"
