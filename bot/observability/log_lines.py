"""What one line of the log looks like: for people, and as JSON for other programs.

Both show the request that a line belongs to, whatever library has logged it. Of what a line has
beside its words only ``FIELDS`` are shown, so that none can show what it should not.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from bot.observability.requests import current_request

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

FIELDS: Final = ("way", "outcome", "seconds")
ANNOUNCEMENTS: Final = "footnote"
"""The logger of what is said to whoever started the program, whatever else is logged."""

_FORM: Final = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_REQUEST: Final = "request"


class ConsoleLines(logging.Formatter):
    """Lines for people; announcements as they are."""

    def __init__(self) -> None:
        super().__init__(_FORM)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        if record.name == ANNOUNCEMENTS:
            return record.message
        said = {_REQUEST: current_request(), **_fields(record)}
        marks = [f"{name}={_short(value)}" for name, value in said.items() if value is not None]
        line = super().formatMessage(record)
        return f"{line} [{' '.join(marks)}]" if marks else line


def json_lines() -> logging.Formatter:
    """One JSON object a line: timestamp (UTC), level, logger, event, and what else there is of
    request, exception and ``FIELDS``."""
    from structlog.processors import JSONRenderer, TimeStamper, format_exc_info
    from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name

    return ProcessorFormatter(
        foreign_pre_chain=[
            TimeStamper(fmt="iso", utc=True),
            add_log_level,
            add_logger_name,
            _add_request,
            ExtraAdder(allow=FIELDS),
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            # Without the values of variables, which structlog could show too.
            format_exc_info,
            JSONRenderer(),
        ],
    )


def _add_request(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    request = current_request()
    if request is not None:
        event[_REQUEST] = request
    return event


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}


def _short(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
