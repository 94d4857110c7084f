"""What the database tells all who listen (``LISTEN`` and ``NOTIFY``), for as long as they like."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import psycopg
from psycopg import sql

from retrieval.postgres.addresses import Address
from retrieval.postgres.errors import unreachable
from retrieval.postgres.text import unescaped

log = logging.getLogger(__name__)

_LOOK_S: Final = 0.25
"""Seconds between looks at whether to stop; what is told is heard at once."""
_ALIVE_S: Final = 15.0
"""Seconds of silence after which the server is asked whether it is there."""
_LONGEST_PAUSE_S: Final = 2.0


def listen(
    address: Address,
    channel: str,
    on_payload: Callable[[str | None], None],
    stop: threading.Event,
) -> None:
    """Tell ``on_payload`` what is notified on a channel, until ``stop`` is set.

    It is told ``None`` when the server is listened to, and again whenever it is after the
    connection was lost: what was notified meanwhile is not known.
    """
    pause = 0.0
    while not stop.wait(pause):
        try:
            with address.connect() as connection:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                pause = 0.0
                on_payload(None)
                _hear(connection, on_payload, stop)
        except psycopg.Error as error:
            if not pause:
                log.warning("Nothing is heard of changes for now: %s", unreachable(error).why)
            pause = min(max(2 * pause, _LOOK_S), _LONGEST_PAUSE_S)


def _hear(
    connection: psycopg.Connection[object],
    on_payload: Callable[[str | None], None],
    stop: threading.Event,
) -> None:
    silent = 0.0
    while not stop.is_set():
        heard = False
        for notice in connection.notifies(timeout=_LOOK_S, stop_after=1):
            heard = True
            on_payload(unescaped(notice.payload))
        silent = 0.0 if heard else silent + _LOOK_S
        if silent >= _ALIVE_S:
            connection.execute("SELECT 1")
            silent = 0.0
