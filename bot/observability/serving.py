"""``/healthz``, ``/readyz`` and ``/metrics``, served by the bot's own event loop.

Whoever can reach the address can read them: they tell nothing of people, and there is no password.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.observability.address import Address
from bot.observability.version import own_version
from retrieval.errors import FootnoteError

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger(__name__)

VARIABLE: Final = "FOOTNOTE_METRICS_ADDRESS"
_PATIENCE: Final = 1.0
"""Seconds for those who are still reading when the bot is stopped."""


class AddressError(FootnoteError):
    """Nothing can be served at an address."""


@asynccontextmanager
async def serving(
    address: Address, registry: Collector, reasons: Callable[[], Sequence[str]]
) -> AsyncIterator[Address]:
    """Serve them within the block; the address, with the port that was free where it is 0.

    Args:
        registry: What ``/metrics`` collects from.
        reasons: Why questions cannot be answered, as sentences; none where they can.

    Raises:
        AddressError: Another program has the address, or there is no such one here.
    """
    from aiohttp import web

    runner = web.AppRunner(
        _application(registry, reasons),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=_PATIENCE,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address.host, address.port).start()
        except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be looked up.
            raise AddressError(
                f"Metrics cannot be served at {address}.",
                why=f"The system says: {error}.",
                remedy=f"Choose another address in {VARIABLE}, or remove it to serve none.",
            ) from error
        bound = Address(address.host, runner.addresses[0][1])
        log.info("Metrics are served at %s/metrics", bound.url)
        yield bound
    finally:
        await runner.cleanup()


def _application(registry: Collector, reasons: Callable[[], Sequence[str]]) -> web.Application:
    from aiohttp import web

    alive = {"name": "footnote", "alive": True, "version": own_version()}

    async def healthz(request: web.Request) -> web.Response:
        # That it is answered at all says that the event loop runs.
        return _fresh(web.json_response(alive))

    async def readyz(request: web.Request) -> web.Response:
        found = list(reasons())
        status = 503 if found else 200
        return _fresh(web.json_response({"ready": not found, "reasons": found}, status=status))

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        headers = {"Content-Type": content_type}
        return _fresh(web.Response(body=encode(registry), headers=headers))

    application = web.Application()
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", metrics)
    return application


def _fresh(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "no-store"
    return response
