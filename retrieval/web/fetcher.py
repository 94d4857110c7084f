"""Fetching a page: what may be asked, where that leads, and what is taken back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Final

from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.web.addresses import Address
from retrieval.web.errors import FetchError
from retrieval.web.networks import is_public
from retrieval.web.private_hosts import PrivateHosts
from retrieval.web.responses import Fetched, Head, NotModified
from retrieval.web.statuses import refusal

Resolve = Callable[[str, int], Sequence[str]]
"""``(host, port) -> its IP addresses``; raises ``OSError`` where it has none."""

_PORTS: Final = frozenset({80, 443, 8080, 8443})
_REDIRECTIONS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTIONS: Final = 5
_USELESS: Final = frozenset({"audio", "font", "image", "model", "video"})
_ACCEPTED: Final = "text/html, application/xhtml+xml, text/*;q=0.9, */*;q=0.8"


def system_resolve(host: str, port: int) -> Sequence[str]:
    """The host's IP addresses, as the system finds them."""
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos]


class Fetcher:
    """Fetches pages and feeds that people name, from the public internet alone.

    An address decides neither where on the operator's networks a connection goes nor how much of
    the machine it takes. Each address, and each that it redirects to, is checked: http or https,
    without credentials, on port 80, 443, 8080 or 8443, and with a host all of whose IP addresses
    are public. Connections go to the very IP addresses that were checked, never through a proxy.
    At most five redirections are followed, and none from https to http: what was asked for
    securely is not read from whoever stands in between.

    ``robots.txt`` is for programs that find addresses by themselves. Here a person named the page,
    or the feed that links to it, so it is not asked for.

    Safe to call from many threads at once. Nothing is kept between two calls.

    Args:
        private_hosts: The operator's exceptions, each ``host`` or ``host:port``: these may be on a
            private network, and on any port.
        timeout: Seconds for one page, from the look-up of its name to the last byte.
        resolve: How names become addresses. May block; the timeout holds all the same.
        clock: The time of day, for servers that say until when to leave them alone.

    Raises:
        SettingsError: An exception is no host.
    """

    def __init__(
        self,
        limits: Limits,
        private_hosts: Collection[str] = (),
        *,
        timeout: float = 20.0,
        resolve: Resolve = system_resolve,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._limits = limits
        self._private_hosts = PrivateHosts(private_hosts)
        self._timeout = timeout
        self._resolve = resolve
        self._clock = clock
        self._user_agent = f"Footnote/{_version()} (Discord bot that quotes articles)"

    def fetch(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | NotModified:
        """The page at ``url``, or that it is unchanged.

        Args:
            etag: With ``last_modified``: what ``Fetched`` had the last time.

        Raises:
            FetchError: The page may not be fetched or cannot be, or is nothing to read.
        """
        deadline = time.monotonic() + self._timeout
        fields = {
            "User-Agent": self._user_agent,
            "Accept": _ACCEPTED,
            "Accept-Encoding": "gzip, deflate",
        }
        if etag:
            fields["If-None-Match"] = etag
        if last_modified:
            fields["If-Modified-Since"] = last_modified
        address = Address.parse(url)
        for _ in range(_MAX_REDIRECTIONS + 1):
            head, body = self._ask(address, fields, deadline)
            if head.status == 304:
                return NotModified(
                    address.url, head.etag or etag, head.last_modified or last_modified
                )
            if head.status not in _REDIRECTIONS:
                return Fetched(
                    url=address.url,
                    content=body,
                    media_type=head.media_type,
                    charset=head.charset,
                    etag=head.etag,
                    last_modified=head.last_modified,
                )
            address = _redirected(address, head)
        raise FetchError(
            address.name,
            phrase("{name} leads from one address to the next without end.", name=address.name),
            why=phrase(
                "At most {count} redirections are followed.",
                count=_MAX_REDIRECTIONS,
            ),
            remedy=phrase("Give the address at which the browser arrives."),
        )

    def _ask(self, address: Address, fields: dict[str, str], deadline: float) -> tuple[Head, bytes]:
        # Loaded here: programs that fetch nothing need no HTTP.
        from retrieval.web.exchange import exchange, too_slow

        conditional = "If-None-Match" in fields or "If-Modified-Since" in fields
        private = self._private_hosts.allow(address)
        if address.port not in _PORTS and not private:
            raise FetchError(
                address.name,
                phrase("{name} is on port {port}.", name=address.name, port=str(address.port)),
                why=phrase("Pages are fetched from ports 80, 443, 8080 and 8443."),
                remedy=phrase(
                    "The operator can allow the host and its port in FOOTNOTE_PRIVATE_HOSTS."
                ),
            )
        try:
            found = self._look_up(address, deadline)
        except TimeoutError:
            raise too_slow(address) from None
        if not private and not all(is_public(ip) for ip in found):
            # Which addresses it has is the network's own business.
            raise FetchError(
                address.name,
                phrase("{name} leads to a private network.", name=address.name),
                why=phrase("Only the public internet is fetched from."),
                remedy=phrase("The operator can allow the host in FOOTNOTE_PRIVATE_HOSTS."),
            )
        return exchange(
            address,
            found,
            fields,
            wanted=lambda head: self._wanted(address, head, conditional),
            max_bytes=self._limits.file_bytes,
            seconds=deadline - time.monotonic(),
        )

    def _look_up(self, address: Address, deadline: float) -> Sequence[str]:
        """The IP addresses of the host; at least one.

        Raises:
            TimeoutError: There is no answer before the deadline.
        """
        if _is_literal(address.host):
            return [address.host]
        answer: Future[Sequence[str]] = Future()

        def work() -> None:
            try:
                answer.set_result(self._resolve(address.host, address.port))
            except Exception as error:
                answer.set_exception(error)

        # The system's look-up cannot be interrupted: it is left to itself when the time is over.
        threading.Thread(target=work, name="look-up", daemon=True).start()
        try:
            found = answer.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            raise _unknown(address, error) from error
        if not found:
            raise _unknown(address)
        return found

    def _wanted(self, address: Address, head: Head, conditional: bool) -> bool:
        if head.status in _REDIRECTIONS or (head.status == 304 and conditional):
            return False
        if head.status not in {200, 203}:
            raise refusal(address.name, head.status, head.retry_after(self._clock()))
        if head.media_type is not None and head.media_type.partition("/")[0] in _USELESS:
            raise FetchError(
                address.name,
                phrase("{name} holds no text.", name=address.name),
                why=phrase("Its type is {media_type}.", media_type=head.media_type),
                remedy=phrase("Give the address of a page, a document or a feed."),
            )
        return True


def _redirected(address: Address, head: Head) -> Address:
    location = head.fields.get("location")
    if location is None:
        raise refusal(address.name, head.status)
    target = Address.parse(location, base=address)
    if address.scheme == "https" and target.scheme == "http":
        raise FetchError(
            address.name,
            phrase("{name} leads from a secure to an open connection.", name=address.name),
            why=phrase("On an open one, anybody in between can change what is quoted."),
            remedy=phrase(
                "Give the address {address} itself, if it is to be trusted.", address=target.name
            ),
        )
    return target


def _unknown(address: Address, error: Exception | None = None) -> FetchError:
    return FetchError(
        address.name,
        phrase("There is no server of the name {host}.", host=address.host),
        remedy=phrase("Check the address."),
        transient=isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN,
    )


def _is_literal(host: str) -> bool:
    try:
        return bool(ip_address(host).compressed)
    except ValueError:
        return False


def _version() -> str:
    try:
        return version("footnote-bot")
    except PackageNotFoundError:
        return "0"
