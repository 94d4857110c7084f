"""Requests to Discord's REST API, counted as they go over a real connection."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from bot.observability.metrics import Metrics
from bot.observability.rest import trace_requests
from tests.bot.observability.scraping import Scrape, collected


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server that answers with the status that its path names, and with a scope."""

    async def answer(request: web.Request) -> web.StreamResponse:
        status = int(request.match_info["status"])
        if status == 0:
            assert request.transport is not None
            request.transport.close()
        if status == 101:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.close()
            return socket
        scope = request.query.get("scope")
        return web.Response(
            status=status or 500, headers={"X-RateLimit-Scope": scope} if scope else {}
        )

    application = web.Application()
    application.router.add_get("/{status}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


async def asked(metrics: Metrics, *urls: str) -> Scrape:
    """What is counted after some requests."""
    async with aiohttp.ClientSession(trace_configs=[trace_requests(metrics)]) as session:
        for url in urls:
            async with session.get(url) as response:
                await response.read()
    return collected(metrics.registry)


async def test_requests_are_counted_and_timed_by_the_kind_of_answer(
    metrics: Metrics, url: str
) -> None:
    seen = await asked(metrics, *(f"{url}/{status}" for status in (200, 204, 404, 502)))
    for status, count in (("2xx", 2), ("4xx", 1), ("5xx", 1), ("lost", 0)):
        assert seen.value("footnote_discord_requests_total", status=status) == count
    assert seen.value("footnote_discord_request_seconds_count") == 4
    assert seen.value("footnote_discord_rate_limited_total") == 0


@pytest.mark.parametrize(
    ("scope", "counted"),
    [("user", "user"), ("global", "global"), ("shared", "shared"), ("ada", "unknown")],
)
async def test_a_refusal_is_counted_by_whose_limit_it_was(
    metrics: Metrics, url: str, scope: str, counted: str
) -> None:
    seen = await asked(metrics, f"{url}/429?scope={scope}", f"{url}/429")
    total = 2 if counted == "unknown" else 1
    assert seen.value("footnote_discord_rate_limited_total", scope=counted) == total
    assert seen.value("footnote_discord_rate_limited_total") == 2
    assert seen.value("footnote_discord_requests_total", status="4xx") == 2


async def test_a_connection_that_breaks_is_lost(metrics: Metrics, url: str) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        await asked(metrics, f"{url}/0")
    seen = collected(metrics.registry)
    assert seen.value("footnote_discord_requests_total", status="lost") >= 1
    assert seen.value("footnote_discord_requests_total", status="5xx") == 0


async def test_a_connection_to_the_gateway_is_no_request(metrics: Metrics, url: str) -> None:
    async with (
        aiohttp.ClientSession(trace_configs=[trace_requests(metrics)]) as session,
        session.ws_connect(f"{url}/101") as socket,
    ):
        await socket.receive()
    assert collected(metrics.registry).value("footnote_discord_requests_total") == 0
