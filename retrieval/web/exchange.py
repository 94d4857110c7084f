"""One request and its answer, over a connection to addresses that have been checked.

The only module that knows aiohttp; it is loaded with the first page that is fetched.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from retrieval.phrases import phrase
from retrieval.web.addresses import Address
from retrieval.web.errors import FetchError
from retrieval.web.responses import Head

_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
_MAX_FIELD_BYTES: Final = 8190
_MAX_FIELDS: Final = 128


def exchange(
    address: Address,
    checked: Sequence[str],
    fields: Mapping[str, str],
    *,
    wanted: Callable[[Head], bool],
    max_bytes: int,
    seconds: float,
) -> tuple[Head, bytes]:
    """Ask for ``address`` and return the answer's head, and its body where it is wanted.

    To be called from a thread without an event loop.

    Args:
        checked: The IP addresses that may be connected to: those of ``address.host``.
        fields: The header fields of the request.
        wanted: Whether the body behind a head is to be read; it may raise.
        max_bytes: Of the body, unpacked.
        seconds: For all of it.

    Raises:
        FetchError: There is no answer, not in time, or it is too large.
    """
    return asyncio.run(_exchange(address, checked, fields, wanted, max_bytes, seconds))


async def _exchange(
    address: Address,
    checked: Sequence[str],
    fields: Mapping[str, str],
    wanted: Callable[[Head], bool],
    max_bytes: int,
    seconds: float,
) -> tuple[Head, bytes]:
    try:
        async with asyncio.timeout(seconds), _session(checked) as session:
            request = session.get(
                URL(address.url, encoded=True), headers=fields, allow_redirects=False
            )
            async with request as response:
                head = _head(response)
                body = await _body(response, address, max_bytes) if wanted(head) else b""
                return head, body
    except TimeoutError:
        raise too_slow(address) from None
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
        raise FetchError(
            address.name,
            phrase("{name} cannot be read over a secure connection.", name=address.name),
            why=phrase("The server's certificate or its encryption cannot be trusted."),
            remedy=phrase("Tell the owners of the site, or add the page as a file."),
        ) from error
    except aiohttp.ClientConnectorError as error:
        raise FetchError(
            address.name,
            phrase("The server of {name} cannot be reached.", name=address.name),
            why=phrase("It takes no connection, or breaks it off at once."),
            remedy=phrase("Check the address, or try again later."),
            transient=True,
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        # Named by its kind alone: an error of aiohttp can hold the whole address.
        raise FetchError(
            address.name,
            phrase("{name} cannot be read.", name=address.name),
            why=phrase(
                "The server's answer breaks off or is not HTTP ({kind}).",
                kind=type(error).__name__,
            ),
            remedy=phrase("Try again later."),
            transient=True,
        ) from None


def too_slow(address: Address) -> FetchError:
    """The error for a page that takes longer than is waited for it."""
    return FetchError(
        address.name,
        phrase("{name} takes too long.", name=address.name),
        remedy=phrase("Try again later, or add the page as a file."),
        transient=True,
    )


def _session(checked: Sequence[str]) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=_Checked(checked),
        # The second wall, at the last step before a connection: what it is about to go to.
        socket_factory=lambda info: _socket(info, checked),
        use_dns_cache=False,
        force_close=True,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),  # All of it is timed by the caller.
        trust_env=False,  # A proxy would connect to whatever it resolves by itself.
        max_line_size=_MAX_FIELD_BYTES,
        max_field_size=_MAX_FIELD_BYTES,
        max_headers=_MAX_FIELDS,
    )


class _Checked(AbstractResolver):
    """Knows one host, by the addresses that it was found to have when they were checked."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._addresses = tuple(addresses)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _socket(info: aiohttp.AddrInfoType, checked: Sequence[str]) -> socket.socket:
    family, kind, protocol, _, place = info
    if place[0] not in checked:
        raise PermissionError("not an address that was checked")
    return socket.socket(family, kind, protocol)


def _head(response: aiohttp.ClientResponse) -> Head:
    # Of a repeated field the first counts, as it does in a mapping's ``get``.
    return Head(
        response.status, {name.lower(): response.headers[name] for name in response.headers}
    )


async def _body(response: aiohttp.ClientResponse, address: Address, max_bytes: int) -> bytes:
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in _ENCODINGS:
        raise FetchError(
            address.name,
            phrase("{name} cannot be unpacked.", name=address.name),
            why=phrase("The server packs it in a way that it was not asked for."),
            remedy=phrase("Save the page in a browser and add it as a file."),
        )
    # A false or absent length does no harm: it spares reading what is too large by its own word.
    if response.content_length is not None and response.content_length > max_bytes:
        raise _too_large(address, max_bytes)
    body = bytearray()
    # aiohttp unpacks no more at a time than it holds in its buffer, however small the packed part.
    async for part in response.content.iter_any():
        body += part
        if len(body) > max_bytes:
            raise _too_large(address, max_bytes)
    return bytes(body)


def _too_large(address: Address, max_bytes: int) -> FetchError:
    return FetchError(
        address.name,
        phrase(
            "{name} is too large: at most {max_bytes} bytes are read.",
            name=address.name,
            max_bytes=max_bytes,
        ),
        remedy=phrase("Give the address of a part of it, or add the parts as files."),
    )
