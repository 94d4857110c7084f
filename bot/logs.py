"""Logging, set up in one place: to standard error, without what people wrote."""

from __future__ import annotations

import logging
import os
import sys
from typing import Final, NoReturn

_FORMAT: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_DISCORD_QUIET: Final = ("discord", "aiohttp", "asyncio", "urllib3", "httpx", "huggingface_hub")
_TELLS_WHAT_PEOPLE_WROTE: Final = ("discord.gateway", "discord.http", "discord.webhook")
"""At DEBUG these log whole messages, and addresses that hold interaction tokens."""


class _ShortReconnects(logging.Filter):
    """A lost connection is everyday life for a bot: one line, not a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and str(record.msg).startswith("Attempting a reconnect"):
            error = record.exc_info[1]
            record.msg = f"{record.getMessage()} ({type(error).__name__})"
            record.args = None
            record.exc_info = None
        return True


def configure(level: str) -> None:
    """Log from ``level`` up; of the libraries only warnings, unless ``level`` is DEBUG."""
    handler = logging.StreamHandler(sys.stderr)
    # bm25s sets its own logger to DEBUG; the handler has the last word.
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.addFilter(_ShortReconnects())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if level != "DEBUG":
        for name in _DISCORD_QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
    for name in _TELLS_WHAT_PEOPLE_WROTE:
        logging.getLogger(name).setLevel(logging.WARNING)


def leave(status: int) -> NoReturn:
    """End the process at once, with everything written out."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
