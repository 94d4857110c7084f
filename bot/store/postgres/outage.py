"""While the database is away, one at a time waits for it; the others are told so at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from retrieval.postgres.errors import UnreachableError


class Outage:
    """Knows whether the database was found missing. Shared by threads.

    Whoever waits for it takes a thread for as long, and there are few.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._missed: UnreachableError | None = None
        self._is_looked_for = False

    @contextmanager
    def watch(self) -> Iterator[None]:
        """To be put around each use of the database.

        Raises:
            UnreachableError: It was found missing, and somebody else is looking for it.
        """
        looks = self._begin()
        try:
            yield
        except UnreachableError as error:
            self._end(looks, error)
            raise
        except BaseException:
            # Whatever else it is, somebody was there to say so.
            self._end(looks, None)
            raise
        self._end(looks, None)

    def _begin(self) -> bool:
        with self._lock:
            missed = self._missed
            if missed is not None and self._is_looked_for:
                raise UnreachableError(missed.what, why=missed.why, remedy=missed.remedy)
            self._is_looked_for = missed is not None
            return self._is_looked_for

    def _end(self, looked: bool, missed: UnreachableError | None) -> None:
        with self._lock:
            self._missed = missed
            if looked:
                self._is_looked_for = False
