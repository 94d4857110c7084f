"""HTTP statuses in plain words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from retrieval.phrases import joined, phrase
from retrieval.web.errors import FetchError

_TRANSIENT: Final = frozenset({408, 425, 429})


def refusal(name: str, status: int, retry_after: float | None = None) -> FetchError:
    """What a status other than success says to the person who named the address ``name``."""
    what, why, remedy = _words(name, status)
    return FetchError(
        name,
        what,
        why=joined((why, phrase("(The server's status: {status}.)", status=_called(status)))),
        remedy=remedy,
        transient=status in _TRANSIENT or 500 <= status < 600,
        retry_after=retry_after,
        status=status,
    )


def _words(name: str, status: int) -> tuple[str, str, str]:
    later = phrase("Try again later.")
    match status:
        case 404:
            return (
                phrase("There is no page at {name}.", name=name),
                "",
                phrase("Check the address."),
            )
        case 410:
            return (
                phrase("The page at {name} is gone.", name=name),
                phrase("Its owners removed it."),
                phrase("Remove it here too."),
            )
        case 401 | 402 | 403 | 407 | 451:
            return (
                phrase("{name} cannot be read by everybody.", name=name),
                phrase("The server asks for a login or a payment, or turns programs away."),
                phrase("Save the page in a browser and add it as a file."),
            )
        case 429:
            return phrase("{name} was asked for too often.", name=name), "", later
        case _ if 500 <= status < 600:
            return phrase("The server of {name} cannot answer at present.", name=name), "", later
        case _:
            return (
                phrase("{name} cannot be read.", name=name),
                phrase("The server sends no page."),
                phrase("Check the address."),
            )


def _called(status: int) -> str:
    # The server's own phrase is not repeated: it may say anything.
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
