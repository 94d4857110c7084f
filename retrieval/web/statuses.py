"""HTTP statuses in plain words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from retrieval.web.errors import FetchError

_TRANSIENT: Final = frozenset({408, 425, 429})
_LATER: Final = "Try again later."


def refusal(name: str, status: int, retry_after: float | None = None) -> FetchError:
    """What a status other than success says to the person who named the address ``name``."""
    what, why, remedy = _words(name, status)
    return FetchError(
        name,
        what,
        why=f"{why} (The server's status: {_called(status)}.)".strip(),
        remedy=remedy,
        transient=status in _TRANSIENT or 500 <= status < 600,
        retry_after=retry_after,
        status=status,
    )


def _words(name: str, status: int) -> tuple[str, str, str]:
    match status:
        case 404:
            return f"There is no page at {name}.", "", "Check the address."
        case 410:
            return f"The page at {name} is gone.", "Its owners removed it.", "Remove it here too."
        case 401 | 402 | 403 | 407 | 451:
            return (
                f"{name} cannot be read by everybody.",
                "The server asks for a login or a payment, or turns programs away.",
                "Save the page in a browser and add it as a file.",
            )
        case 429:
            return f"{name} was asked for too often.", "", _LATER
        case _ if 500 <= status < 600:
            return f"The server of {name} cannot answer at present.", "", _LATER
        case _:
            return f"{name} cannot be read.", "The server sends no page.", "Check the address."


def _called(status: int) -> str:
    # The server's own phrase is not repeated: it may say anything.
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
