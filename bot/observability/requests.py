"""The id of what somebody asked for: in every line that is logged for it, and in what they are told
where it goes wrong.

It is kept in the context, which asyncio hands to the tasks and ``bot.library`` to the threads that
a request leads to. discord.py runs each command, button and message in a task of its own.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from typing import Final

_BYTES: Final = 5
_REQUEST: Final[ContextVar[str | None]] = ContextVar("request", default=None)


def request_id() -> str:
    """The id of the request that is being served; a new one where none has begun here."""
    found = _REQUEST.get()
    if found is None:
        # Random, not counted: several processes write into one log.
        found = secrets.token_hex(_BYTES)
        _REQUEST.set(found)
    return found


def current_request() -> str | None:
    """The same without beginning one."""
    return _REQUEST.get()
