"""Discord's REST API as it is seen from here: what it answers, how fast, and when it refuses.

aiohttp tells of each request that discord.py makes, those that it repeats after a refusal among
them. discord.py itself only logs some of them.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Final

import aiohttp

from bot.observability.metrics import SCOPES, Metrics

_TOO_MANY: Final = 429
_SWITCHING: Final = 101
"""Of a connection to the gateway, which is no request to the REST API."""


def trace_requests(metrics: Metrics) -> aiohttp.TraceConfig:
    """What counts the requests of a client, for ``discord.Client(http_trace=…)``."""

    async def started(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestStartParams,
    ) -> None:
        context.started = time.perf_counter()

    async def ended(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestEndParams,
    ) -> None:
        response = request.response
        if response.status == _SWITCHING:
            return
        metrics.requests.labels(f"{response.status // 100}xx").inc()
        metrics.request_seconds.observe(time.perf_counter() - context.started)
        if response.status == _TOO_MANY:
            scope = response.headers.get("X-RateLimit-Scope", "")
            metrics.rate_limited.labels(scope if scope in SCOPES else "unknown").inc()

    async def lost(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        metrics.requests.labels("lost").inc()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(started)
    trace.on_request_end.append(ended)
    trace.on_request_exception.append(lost)
    return trace
