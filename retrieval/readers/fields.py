"""What files say of their articles: names on one line, web addresses, days."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

from retrieval.articles import Span
from retrieval.readers.plain_text import one_line
from retrieval.segmentation import paragraphs

_WEB: Final = re.compile(r"https?://[^\s<>\"\x00-\x1f\x7f-\x9f\ud800-\udfff]+\Z", re.IGNORECASE)
_CHARACTERS: Final = 500
_URL_CHARACTERS: Final = 2000
_TITLE_CHARACTERS: Final = 80
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def field(value: object) -> str | None:
    """A plain value as one short line without control characters; ``None`` where it says nothing.

    Lists of plain values become one line with commas.
    """
    if isinstance(value, list | tuple):
        return field(", ".join(filter(None, map(_plain, value[:_CHARACTERS]))))
    return shortened(one_line(_plain(value)), _CHARACTERS) or None


def web_address(value: object, base: str | None = None) -> str | None:
    """``value`` as an address that a browser opens: http or https, with a host; else ``None``.

    Args:
        base: What an address without a host is seen from.
    """
    if not isinstance(value, str) or len(value) > _URL_CHARACTERS:
        return None
    try:
        url = urljoin(base or "", value.strip())
        return url if is_web_address(url) else None
    except ValueError:
        return None


def is_web_address(url: str) -> bool:
    """Whether ``url`` is an address with http or https, a host and no spaces."""
    try:
        return _WEB.match(url) is not None and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def day(value: str | None) -> str | None:
    """The day that an ISO date or time begins with, such as ``2014-06-02``; else the value."""
    found = _DAY.match(value or "")
    return found.group() if found else value


def first_words(text: str) -> str | None:
    """What an article without a title is called: the beginning of its first paragraph."""
    first = next(iter(paragraphs(text[:_CHARACTERS])), Span(0, 0)).of(text)
    return shortened(one_line(first.lstrip("# ")), _TITLE_CHARACTERS) or None


def shortened(line: str, characters: int) -> str:
    """A line of at most ``characters``, cut between words where it is longer."""
    if len(line) <= characters:
        return line
    words = line[:characters].rpartition(" ")[0]
    return (words or line[: characters - 1]).rstrip() + "…"


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value[: 10 * _CHARACTERS]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
