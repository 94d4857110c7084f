"""Connections that are not waited for for ever.

A server that is gone is noticed by its network, one that hangs or hangs behind a pooler is not: its
machine, or the pooler, goes on to confirm what it is sent.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final, TypeVar, cast

import psycopg

T = TypeVar("T")

_LOOKS_S: Final = 0.1
"""Seconds between looks at the time."""


class PatientConnection(psycopg.Connection[Any]):
    """A connection whose answers are waited for until a moment, if one is set.

    Attributes:
        until: As ``time.monotonic`` counts; ``None`` for as long as it takes. What is not there by
            then is an OperationalError, after which the connection is of no use.
    """

    until: float | None = None

    def wait(self, gen: Any, interval: float = _LOOKS_S, *more: Any, **options: Any) -> Any:
        if self.until is not None:
            gen = _bounded(gen, self.until)
        return super().wait(gen, interval, *more, **options)


def be_patient(connection: psycopg.Connection[Any], seconds: float | None) -> None:
    """Wait for what a connection answers from now on for so many seconds in all."""
    patient = cast("PatientConnection", connection)
    patient.until = None if seconds is None else time.monotonic() + seconds


def _bounded(steps: Generator[Any, int, T], until: float) -> Generator[Any, int, T]:
    """The same steps of the driver; each is told what is ready, nothing where time has passed."""
    try:
        wanted = next(steps)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > until:
                raise psycopg.OperationalError("the server does not answer")
            wanted = steps.send(ready)
    except StopIteration as end:
        return cast("T", end.value)
