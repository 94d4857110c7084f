"""Locks that one of all processes has: a session of the server keeps it, and gives it back when it
ends in any way."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Final

import psycopg

from retrieval.postgres.addresses import Address
from retrieval.postgres.errors import ERRORS, unreachable
from retrieval.postgres.patience import be_patient

KEEPALIVES: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""Settings with which the server notices within half a minute that a machine is gone without a
word. It would take hours otherwise, for which what a session has locked stays locked."""
_RELEASED_WITHIN_S: Final = 2.0
"""Seconds that the server may take to say that a lock is given back."""


class AdvisoryLock:
    """A lock by name. As a context it says whether it was had; it is not waited for.

    Its connection is its own: one of a pool would be somebody else's while it is held. A pooler
    before the server must not share sessions either.

    Args:
        lease_s: Seconds after which the server takes it back from whoever has not asked meanwhile
            whether it is held: a machine that is cut off is not noticed for hours otherwise.
    """

    def __init__(self, address: Address, key: str, lease_s: float | None = None) -> None:
        self._address = address
        self._key = key
        self._lease_s = lease_s
        self._connection: psycopg.Connection[Any] | None = None
        # One thread may ask whether it is held while another lets go of it.
        self._using = threading.Lock()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> bool:
        """Whether the lock is had now.

        Raises:
            StorageError: The server cannot be reached.
        """
        with self._using:
            self._let_go()
            try:
                connection = self._address.connect()
                self._connection = connection
                settings = dict(KEEPALIVES)
                if self._lease_s is not None:
                    lease_ms = max(1, round(self._lease_s * 1000))
                    settings["idle_session_timeout"] = f"{lease_ms}ms"
                for name, value in settings.items():
                    connection.execute("SELECT set_config(%s, %s, false)", [name, value])
                was_had = connection.execute(
                    "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [self._key]
                ).fetchone() == (True,)
            except ERRORS as error:
                self._close()
                raise unreachable(error) from None
            if not was_had:
                self._close()
            return was_had

    def holds(self) -> bool:
        """Whether the lock is still had; once it is not, it has to be acquired anew."""
        with self._using:
            if self._connection is None:
                return False
            try:
                # The lock lasts as long as the session does.
                self._connection.execute("SELECT 1")
            except ERRORS:
                self._close()
                return False
            return True

    def release(self) -> None:
        """Let go of the lock, if it is had: whoever asks for it next can have it."""
        with self._using:
            self._let_go()

    def _let_go(self) -> None:
        # The server ends a session some time after its connection was closed, and would keep the
        # lock until then. One that does not answer has its keepalives and leases.
        if self._connection is not None:
            with suppress(*ERRORS):
                be_patient(self._connection, _RELEASED_WITHIN_S)
                self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*ERRORS):
                connection.close()
