"""Locks: who is changing the articles, and for how long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation

_LONG: Final = timedelta(hours=1)
"""No reload should take so long; what does may hang."""


def check_locks(installation: Installation) -> Iterator[Finding]:
    """Whether another process holds a collection for writing."""
    held = [
        finding
        # Whoever changes a collection says so in a note. Where there is none its lock is let be:
        # who wants to change it at that moment would be refused.
        for note in sorted(installation.folder.glob("collections/*/lock.json"))
        if (finding := _held(note, installation.clock())) is not None
    ]
    yield from held or [Finding("lock", "ok", "No process is changing articles.")]


@contextmanager
def holding(lock: Path, wait: float) -> Iterator[bool]:
    """Hold a lock for a moment; says whether nobody else holds it.

    Args:
        wait: Seconds for which others are waited for.
    """
    from filelock import FileLock, Timeout

    if not lock.exists():
        yield True
        return
    taken = FileLock(lock, timeout=wait)
    is_free = True
    try:
        taken.acquire()
    except Timeout:
        is_free = False
    except (OSError, NotImplementedError):
        pass  # In a folder that cannot be written nobody else writes either.
    try:
        yield is_free
    finally:
        taken.release()


def _held(note: Path, now: datetime) -> Finding | None:
    collection = note.parent.name
    with holding(note.with_name(".lock"), 0) as is_free:
        if is_free:
            return None  # Its holder has ended without a word, and the next one takes it.
    try:
        about = dict(json.loads(note.read_text("utf-8")))
        since = datetime.fromisoformat(str(about["since"])).astimezone(UTC)
        holder = f"Process {about['process']} on {about['host']} ({about['command']})"
    except (OSError, ValueError, TypeError, KeyError):
        return Finding(
            "lock",
            "note",
            f"Another process is changing the articles of {collection!r}.",
            "Wait until it has finished; nothing else can change them before.",
        )
    message = (
        f"{holder} is changing the articles of {collection!r} since "
        f"{since.isoformat(timespec='seconds')}."
    )
    if now - since < _LONG:
        return Finding(
            "lock",
            "note",
            message,
            "Wait until it has finished; nothing else can change them before.",
        )
    return Finding(
        "lock",
        "warning",
        message,
        f"If it hangs, end process {about['process']}; what it has begun is not kept.",
    )
