"""What documents say of themselves: kept where it reads as if a person had written it."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from retrieval.readers.plain_text import one_line

_CHARACTERS: Final = 300
_NO_TITLE: Final = re.compile(
    r"(?:untitled|no title|title|document|new document|word document|presentation|slide|"
    r"powerpoint presentation|unknown|none|null|template)[\s\d_-]*"
    r"|microsoft (?:word|powerpoint|excel)\b.*"
    r"|.*\.(?:docx?|odt|rtf|pdf|tex|dvi|ps|indd|qxd|pptx?|xlsx?|html?|txt|md|p65|pmd|fm|wpd)",
    re.IGNORECASE,
)
_NO_AUTHOR: Final = re.compile(
    r"(?:unknown|anonymous|author|user|admin|administrator|owner|default|root|none|null|"
    r"microsoft office user|windows user|python-docx)[\s\d]*",
    re.IGNORECASE,
)
_DATE: Final = re.compile(r"\s*(?:D:)?(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?(?!\d{1,3}(?:\D|$))")


def title(written: str | None) -> str | None:
    """A title, unless it is a file's name or what a program writes where nobody wrote one."""
    words = _words(written)
    return None if _NO_TITLE.fullmatch(words) else words or None


def author(written: str | None) -> str | None:
    """An author's name, unless it is what programs call theirs."""
    words = _words(written)
    return None if _NO_AUTHOR.fullmatch(words) else words or None


def published(written: str | None) -> str | None:
    """An ISO date, as exact as it is written: a year, a month or a day.

    It is read from ISO 8601 and from PDF's ``D:YYYYMMDDHHmmSS``; the time of day is left out.
    """
    found = _DATE.match(written or "")
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part for part in (year, month, day) if part)


def _words(written: str | None) -> str:
    words = one_line(written or "")[:_CHARACTERS]
    return words if any(character.isalnum() for character in words) else ""
