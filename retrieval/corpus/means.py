"""What collections are made with, and all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from retrieval.answering import Answerer
from retrieval.corpus.backend import Backend
from retrieval.database import Database
from retrieval.limits import Limits
from retrieval.sandbox import Sandbox
from retrieval.web import Fetcher


@dataclass(frozen=True, slots=True)
class Means:
    """What everything is kept in, the model, and what reads sources.

    Attributes:
        limits: Of what is read; and, for a server's collection, of what it may hold.
        interval: Between two looks at a feed or page, while all goes well.
    """

    backend: Backend
    answerer: Answerer
    sandbox: Sandbox
    fetcher: Fetcher
    limits: Limits
    interval: timedelta
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def database(self) -> Database:
        """What collections hold."""
        return self.backend.database
