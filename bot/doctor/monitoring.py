"""What those who run the bot see of it: whether metrics and spans can be where they want them."""

from __future__ import annotations

import errno
import http.client
import json
import socket
from collections.abc import Iterator
from typing import Final

from bot.doctor.finding import Finding
from bot.doctor.installation import Installation
from bot.observability.address import Address

_NAME: Final = "monitoring"
_PATIENCE: Final = 3.0
"""Seconds for whoever has the address to say who it is."""


def check_monitoring(installation: Installation) -> Iterator[Finding]:
    """Whether the address for metrics is free or the bot's own, and whether spans can be sent.

    Nothing is said of what is not asked for.
    """
    address = installation.settings.metrics_address
    if address is not None:
        yield _of_address(address)
    endpoint = installation.settings.otlp_endpoint
    if endpoint is not None:
        from bot.observability.tracing import why_no_spans

        obstacle = why_no_spans(endpoint)
        if obstacle is None:
            yield Finding(_NAME, "ok", "Spans can be made; whether they arrive was not tried.")
        else:
            yield Finding(_NAME, "warning", *obstacle)


def _of_address(address: Address) -> Finding:
    from bot.observability.serving import VARIABLE

    try:
        _bind(address)
    except (OSError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE and _is_own(address):
            return Finding(_NAME, "ok", f"The bot that runs here answers at {address}.")
        return Finding(
            _NAME,
            "error",
            f"Metrics cannot be served at {address}, so the bot would not start. The system says: "
            f"{error}.",
            f"Choose another address in {VARIABLE}, or remove it to serve none.",
        )
    return Finding(_NAME, "ok", f"Metrics can be served at {address}.")


def _bind(address: Address) -> None:
    """Take the address as the bot would, and give it back.

    Raises:
        OSError, UnicodeError: It cannot be had.
    """
    found = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    for family, kind, protocol, _, place in found:
        with socket.socket(family, kind, protocol) as taken:
            # As asyncio does: a bot that was stopped a moment ago is no obstacle.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(place)


def _is_own(address: Address) -> bool:
    """Whether it is a Footnote that answers there."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/healthz")
        said = json.loads(connection.getresponse().read(1000))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(said, dict) and said.get("name") == "footnote"
