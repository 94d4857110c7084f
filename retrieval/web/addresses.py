"""Web addresses: read once, by one parser, in the one spelling that all checks then look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from retrieval.phrases import phrase
from retrieval.web.errors import FetchError

_SCHEMES: Final = ("http", "https")
_MAX_CHARACTERS: Final = 4096
_MAX_SHOWN: Final = 100
_AMBIGUOUS: Final = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
"""What parsers disagree on: some drop it, some end the host there, some read it as a slash.
Surrogates stand for bytes of a header field that are not UTF-8."""
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")


@dataclass(frozen=True, slots=True)
class Address:
    """A web address that can be asked.

    Attributes:
        url: The address in its normal form (see ``normalize``).
        host: In ASCII and lower case, without brackets and final dot: a name, or a literal IPv4 or
            IPv6 address.
        name: The address as people may see it, in logs too: without the query.
    """

    url: str
    scheme: str
    host: str
    port: int
    name: str

    @classmethod
    def parse(cls, text: str, base: Address | None = None) -> Address:
        """The address that ``text`` writes, seen from ``base`` if that is given.

        Raises:
            FetchError: It is no address, not one of the web, or brings a user name or password.
        """
        from yarl import URL  # Loaded with the first address: most programs need none.

        text = text.strip()
        if not text or len(text) > _MAX_CHARACTERS or _AMBIGUOUS.search(text):
            raise _no_address(text)
        try:
            url = URL(text) if base is None else URL(base.url).join(URL(text))
        except (ValueError, IndexError):  # The latter is how yarl takes empty brackets.
            raise _no_address(text) from None  # The parser's message holds the whole address.
        if url.scheme not in _SCHEMES:
            raise FetchError(
                _shown(text),
                phrase("{address} is not a web address.", address=_shown(text)),
                why=phrase("Only addresses that begin with http:// or https:// are fetched."),
                remedy=phrase("Write it with https:// in front, if it is one."),
            )
        if url.raw_user is not None or url.raw_password is not None:
            raise FetchError(
                _shown(text),
                phrase("The address holds a user name or a password."),
                why=phrase("Only pages that need none are fetched."),
                remedy=phrase("Remove everything up to the @, if the page can be read without it."),
            )
        host, port = (url.raw_host or "").removesuffix("."), url.port
        if port is None or not _is_host(host):
            raise _no_address(text)
        url = URL.build(
            scheme=url.scheme,
            host=f"[{host}]" if ":" in host else host,
            port=None if url.is_default_port() else port,
            path=url.raw_path,
            query_string=url.raw_query_string,
            encoded=True,
        )
        shown = str(url.with_query(None)) + ("?…" if url.raw_query_string else "")
        return cls(str(url), url.scheme, host, port, _shortened(shown))


def normalize(url: str) -> str:
    """The address as the key under which a page is known: one spelling for all that mean the same.

    Scheme and host are in lower case and ASCII, the scheme's own port, the host's final dot and the
    fragment are left out, dot segments are resolved, and the path is at least ``/``. What only a
    server can know to be the same (``www.``, a slash at the end, the order in a query) is kept.

    Raises:
        FetchError: It is no address of the web.
    """
    return Address.parse(url).url


def _is_host(host: str) -> bool:
    if ":" in host:
        return _is(IPv6Address, host)
    # A system reads 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1; here there is one way to write.
    if _NUMBER.fullmatch(host):
        return _is(IPv4Address, host)
    return _NAME.fullmatch(host) is not None


def _is(kind: type[IPv4Address] | type[IPv6Address], host: str) -> bool:
    try:
        return "%" not in host and bool(kind(host).compressed)
    except AddressValueError:
        return False


def _no_address(text: str) -> FetchError:
    shown = _shown(text)
    return FetchError(
        shown,
        phrase("{address} is not a web address.", address=shown)
        if shown
        else phrase("The web address is empty."),
        remedy=phrase("Give it as the browser shows it, such as https://example.org/news."),
    )


def _shown(text: str) -> str:
    """What may be seen of a text that is no address: nothing that may be a password or a query."""
    head = re.split(r"[?#]", text, maxsplit=1)[0]
    before, at, after = head.rpartition("@")
    printable = "".join(c if c.isprintable() else " " for c in ("…@" if at else before) + after)
    return _shortened(printable.strip())


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
