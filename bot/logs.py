"""Logging, set up in one place: to standard error, without what people wrote."""

from __future__ import annotations

import logging
import os
import sys
from typing import Final, Literal, NoReturn

from bot.observability.log_lines import ANNOUNCEMENTS, ConsoleLines, json_lines

Form = Literal["console", "json"]

_LIBRARIES: Final = (
    "alembic",
    "discord",
    "aiohttp",
    "asyncio",
    "urllib3",
    "httpx",
    "huggingface_hub",
    "opentelemetry",
)
_TELLS_WHAT_PEOPLE_WROTE: Final = ("discord.gateway", "discord.http", "discord.webhook")
"""At DEBUG these log whole messages, and addresses that hold interaction tokens."""


_RECONNECTS: Final = ("Attempting a reconnect", "Failed to connect for shard_id")
"""How discord.py begins to tell that it tries again."""


class _ShortReconnects(logging.Filter):
    """A lost connection is everyday life for a bot: one line, not a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and str(record.msg).startswith(_RECONNECTS):
            error = record.exc_info[1]
            record.msg = f"{record.getMessage()} ({type(error).__name__})"
            record.args = None
            record.exc_info = None
        return True


class _Threshold(logging.Filter):
    """What is logged from a level up, and every announcement.

    A library may set its own logger to DEBUG, as bm25s does; this has the last word.
    """

    def __init__(self, level: str) -> None:
        super().__init__()
        self._level = logging.getLevelNamesMapping()[level]

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._level or record.name == ANNOUNCEMENTS


def configure(level: str, form: Form = "console") -> None:
    """Log from ``level`` up; of the libraries only warnings, unless ``level`` is DEBUG."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(json_lines() if form == "json" else ConsoleLines())
    handler.addFilter(_Threshold(level))
    handler.addFilter(_ShortReconnects())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger(ANNOUNCEMENTS).setLevel(logging.INFO)
    # Python writes its own warnings past the log, as several lines that are no JSON.
    logging.captureWarnings(form == "json")
    if level != "DEBUG":
        for name in _LIBRARIES:
            logging.getLogger(name).setLevel(logging.WARNING)
    for name in _TELLS_WHAT_PEOPLE_WROTE:
        logging.getLogger(name).setLevel(logging.WARNING)


def announce(line: str, level: int = logging.INFO) -> None:
    """Tell whoever started the program something, on standard error, whatever else is logged."""
    logging.getLogger(ANNOUNCEMENTS).log(level, "%s", line)


def leave(status: int) -> NoReturn:
    """End the process at once, with everything written out."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
