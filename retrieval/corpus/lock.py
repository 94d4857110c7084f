"""One change of a collection at a time, whichever process makes it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import HeldError, StorageError
from retrieval.phrases import phrase


@contextmanager
def held_by_one(folder: Path) -> Iterator[None]:
    """Hold the collection in ``folder`` for writing, against every other process.

    The system gives the lock back when its holder ends, however that ends, so that a dead
    holder's is simply taken. A note beside it says who holds it, for whoever has to wait.

    Raises:
        HeldError: Another process holds it.
        StorageError: The folder cannot be written.
    """
    note = folder / "lock.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout as error:
        raise HeldError(
            phrase("Another process is changing these articles."),
            why=_holder(note),
            remedy=phrase("Wait until it has finished, then try again."),
        ) from error
    except (OSError, NotImplementedError) as error:
        raise _unwritable(folder, error) from error
    try:
        try:
            # Nobody else writes here now, so that one name will do for what a crash may leave.
            unfinished = folder / ".lock.json"
            unfinished.write_text(json.dumps(_own_name()), "utf-8")
            unfinished.replace(note)
        except OSError as error:
            raise _unwritable(folder, error) from error
        yield
    finally:
        with suppress(OSError):
            note.unlink(missing_ok=True)
        lock.release()


def _own_name() -> dict[str, object]:
    return {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "command": Path(sys.argv[0]).name,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _holder(note: Path) -> str:
    try:
        held = dict(json.loads(note.read_text("utf-8")))
        return phrase(
            "Process {process} on {host} ({command}) does so since {time}.",
            process=str(held["process"]),
            host=str(held["host"]),
            command=str(held["command"]),
            time=str(held["since"]),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return ""  # It is just taking or giving back the lock.


def _unwritable(folder: Path, error: Exception) -> StorageError:
    return StorageError(
        phrase("The change cannot be kept in {folder}.", folder=folder),
        why=phrase("The system says: {reason}.", reason=getattr(error, "strerror", None) or error),
        remedy=phrase("Check the space and the permissions of FOOTNOTE_DATA_DIR."),
    )
