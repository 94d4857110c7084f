"""What a server answers, in the words that the rest of the program uses."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Final

_VALIDATOR: Final = re.compile(r"[\x20-\x7e]{1,1000}")
_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", re.ASCII)
_NO_CHARSETS: Final = frozenset(
    {"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
)
"""What Python decodes as well, and no page is written in; some take quadratic time."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page or feed as it was sent.

    Attributes:
        url: Where it was found in the end, after redirections, in its normal form.
        content: The body, unpacked.
        media_type: Such as ``"text/html"``, in lower case; ``None`` where the server names none.
        charset: The encoding that the server names, as Python calls it; ``None`` where it names
            none, or one that Python does not know.
        etag: With ``last_modified``: what to hand in the next time, to fetch only what is new.
    """

    url: str
    content: bytes = field(repr=False)
    media_type: str | None = None
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The page is as it was when it was fetched with the validators that were handed in."""

    url: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The status and the header fields of an answer; their names in lower case."""

    status: int
    fields: Mapping[str, str]

    @property
    def media_type(self) -> str | None:
        """The type of the body, in lower case and without parameters."""
        written = self.fields.get("content-type", "").partition(";")[0].strip().lower()
        return written if _MEDIA_TYPE.fullmatch(written) else None

    @property
    def charset(self) -> str | None:
        """The encoding of the body, as Python calls it."""
        message = Message()
        message["Content-Type"] = self.fields.get("content-type", "")
        try:
            name = codecs.lookup(message.get_content_charset("")).name
            b"a".decode(name)
        except UnicodeDecodeError:
            return name  # An encoding with more than one byte for a letter.
        except (LookupError, ValueError):
            return None
        return None if name.replace("-", "_") in _NO_CHARSETS else name

    @property
    def etag(self) -> str | None:
        """The entity tag, unless it is one that cannot be sent back."""
        return self._validator("etag")

    @property
    def last_modified(self) -> str | None:
        """The date of the last change, as the server writes it."""
        return self._validator("last-modified")

    def retry_after(self, now: datetime) -> float | None:
        """How many seconds from ``now`` on the server asks to be left alone."""
        written = self.fields.get("retry-after", "").strip()
        if re.fullmatch(r"[0-9]{1,9}", written):
            return float(written)
        try:
            then = parsedate_to_datetime(written)
        except (ValueError, OverflowError):
            return None
        # RFC 9110 has all dates in GMT, whether or not they say so.
        then = then if then.tzinfo is not None else then.replace(tzinfo=UTC)
        return max(0.0, (then - now).total_seconds())

    def _validator(self, name: str) -> str | None:
        value = self.fields.get(name, "")
        return value if _VALIDATOR.fullmatch(value) else None
