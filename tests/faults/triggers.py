"""How a process comes to its end in the midst of its work, besides being killed from outside."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy

_EVENTS: Final = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"})
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def count_events(reached: Callable[[int], None]) -> None:
    """Call ``reached`` with the number of each event after which the files are others.

    These are: a file opened to be written, renamed, deleted or flushed, a folder made or deleted,
    and every statement of SQL before it is run, COMMIT among them. For good, and to be called
    before the database is opened: a process in which this was called is to end soon.
    """
    number = 0
    lock = threading.Lock()

    def count(*_: object) -> None:
        nonlocal number
        with lock:
            number += 1
            reached(number)

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _EVENTS:
            count()
        elif event == "open":
            flags = arguments[2]
            if isinstance(flags, int) and flags & _WRITES:
                count()

    def traced(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(count)

    flush = os.fsync

    def flush_and_count(descriptor: int) -> None:
        flush(descriptor)
        count()

    setattr(os, "fsync", flush_and_count)  # noqa: B010
    sys.addaudithook(hear)
    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", traced)


def die() -> None:
    """End this process as if the power had gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def limit_files(size: int, *, deadly: bool) -> None:
    """Let no file grow beyond ``size`` bytes from now on.

    Args:
        deadly: Whether the process is ended by it, at that byte; the write fails otherwise.
    """
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if deadly else signal.SIG_IGN)
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))


def unlimit_files() -> None:
    """Let files grow again."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
