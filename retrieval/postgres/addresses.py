"""Where a server is, and how it is connected to. Nobody is told: a password is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from retrieval.errors import SettingsError
from retrieval.phrases import phrase
from retrieval.postgres.patience import PatientConnection

POOL_SIZE: Final = 8
"""Connections that are kept to each server."""
POOL_OVERFLOW: Final = 8
"""More of them for a moment."""
_RECYCLE_S: Final = 1800
"""Seconds after which a connection is made anew: a balanced address may lead elsewhere by then."""
_CONNECT_S: Final = 3
"""Seconds for which a host may take to answer, unless the address says otherwise."""
_SCHEMES: Final = ("postgresql+psycopg://", "postgresql+psycopg2://")


class Address:
    """A server by its URL, as libpq takes it: several hosts, options and services too.

    Args:
        name: Of the setting that has it, for what is said of it.
        writes: Whether it is to be changed: among several hosts the one that can be.

    Raises:
        SettingsError: It is no address of a server.
    """

    def __init__(self, url: str, name: str, *, writes: bool) -> None:
        for scheme in _SCHEMES:
            if url.startswith(scheme):
                url = f"postgresql://{url.removeprefix(scheme)}"
        if not url.startswith(("postgresql://", "postgres://")):
            raise _not_an_address(name)
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error:
            # What libpq says of it quotes it.
            raise _not_an_address(name) from None
        ours: dict[str, Any] = {
            "application_name": "footnote",
            "connect_timeout": _CONNECT_S,
            "client_encoding": "utf8",
            # A server that is gone without a word is noticed within half a minute.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 25_000,
        }
        if writes:
            ours["target_session_attrs"] = "read-write"
        self._parameters: Mapping[str, Any] = {**ours, **given}

    def connect(self) -> psycopg.Connection[Any]:
        """A connection whose every statement is a transaction of its own.

        Raises:
            psycopg.Error: There is none.
        """
        return PatientConnection.connect(**self._parameters, autocommit=True)

    def engine(self, wait: float) -> Engine:
        """A pool of such connections.

        Args:
            wait: Seconds for which one is waited for when all are in use.
        """
        return create_engine(
            "postgresql+psycopg://",
            creator=self.connect,
            poolclass=QueuePool,
            pool_size=POOL_SIZE,
            max_overflow=POOL_OVERFLOW,
            pool_timeout=wait,
            pool_recycle=_RECYCLE_S,
            # Transactions are begun by Servers, in the statement that says whose rows they see.
            isolation_level="AUTOCOMMIT",
            use_native_hstore=False,
            # An error is logged; what people wrote is not.
            hide_parameters=True,
        )


def _not_an_address(name: str) -> SettingsError:
    return SettingsError(
        phrase("{setting} is not the address of a PostgreSQL server.", setting=name),
        remedy=phrase(
            "Write it as postgresql://user:password@host:5432/database, with signs such as @ in"
            " the password written %40."
        ),
    )
