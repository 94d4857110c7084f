"""Trouble on order: rate limits, server errors, dropped connections."""

from __future__ import annotations

import json
import random
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web


@dataclass
class Fault:
    """What the next `remaining` requests get that match `method` and `path`.

    With `drop` the connection is cut instead. With `carried_out` Discord does what it was asked to
    first, and the bot is not told so: it gets the status, or half of the response.
    """

    method: str
    path: re.Pattern[str]
    status: int
    remaining: int
    retry_after: float = 0.2
    is_global: bool = False
    drop: bool = False
    code: int = 0
    hits: int = 0
    carried_out: bool = False

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts it if so."""
        if not self.remaining or self.method not in ("*", method) or not self.path.search(path):
            return False
        self.remaining -= 1
        self.hits += 1
        return True

    def response(self) -> web.Response:
        if self.status == 429:
            return self._rate_limited()
        if self.status in (502, 504, 524):
            # These come from the proxy before Discord, which speaks HTML.
            return web.Response(
                status=self.status,
                body=f"<html><title>{self.status}</title>cloudflare</html>".encode(),
                headers={"Content-Type": "text/html; charset=UTF-8"},
            )
        body = {"message": f"{self.status}: loopback fault", "code": self.code}
        return json_response(self.status, body)

    def _rate_limited(self) -> web.Response:
        # discord.py takes a 429 without `Via` for a Cloudflare ban and gives up at once.
        headers = {
            "Via": "1.1 google",
            "Retry-After": f"{self.retry_after:.3f}",
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{time.time() + self.retry_after:.3f}",
            "X-RateLimit-Reset-After": f"{self.retry_after:.3f}",
            "X-RateLimit-Bucket": "loopback",
            "X-RateLimit-Scope": "global" if self.is_global else "user",
        }
        if self.is_global:
            headers["X-RateLimit-Global"] = "true"
        body = {
            "message": "You are being rate limited.",
            "retry_after": self.retry_after,
            "global": self.is_global,
            "code": 0,
        }
        return json_response(429, body, headers)


class Trouble(StrEnum):
    """What may befall a request in bad weather."""

    RATE_LIMITED = "429"
    BAD_GATEWAY = "502"
    CARRIED_OUT = "502, carried out"
    CUT_REQUEST = "cut in the request"
    CUT_RESPONSE = "cut in the response"

    def fault(self) -> Fault:
        drop = self in (Trouble.CUT_REQUEST, Trouble.CUT_RESPONSE)
        return Fault(
            "*",
            re.compile(""),
            status=429 if self is Trouble.RATE_LIMITED else 502,
            remaining=1,
            drop=drop,
            carried_out=self in (Trouble.CARRIED_OUT, Trouble.CUT_RESPONSE),
        )


WEATHERED: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "typing": ("POST", re.compile(r"^/channels/\d+/typing$")),
    "message": ("POST", re.compile(r"^/channels/\d+/messages$")),
    "callback": ("POST", re.compile(r"^/interactions/\d+/[^/]+/callback$")),
    "webhook": ("*", re.compile(r"^/webhooks/")),
}


@dataclass
class Weather:
    """Trouble for a `share` of the requests of each sort, drawn with a seed.

    Of each 1 / `share` requests of a sort one is struck, at a random place among them, and the
    troubles take turns in a random order: so many requests meet so many faults, whatever the seed.
    One that is made again and again is struck twice at most.
    """

    share: float
    seed: int
    # By sort of request and trouble.
    struck: Counter[tuple[str, Trouble]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._victims: Counter[str] = Counter()
        self._forecasts = {
            sort: self._forecast(random.Random(f"{self.seed} {sort}")) for sort in WEATHERED
        }

    def fault(self, method: str, path: str, body: object) -> Fault | None:
        """What befalls this request, counted."""
        sorts = (
            sort
            for sort, (wanted, pattern) in WEATHERED.items()
            if wanted in ("*", method) and pattern.search(path)
        )
        if (sort := next(sorts, None)) is None:
            return None
        # A message has its nonce in the body. Two times of typing cannot be told apart.
        victim = f"{method} {path} {body}"
        if sort != "typing" and self._victims[victim] == 2:
            return None
        trouble = next(self._forecasts[sort])
        if trouble is None:
            return None
        self._victims[victim] += 1
        self.struck[sort, trouble] += 1
        return trouble.fault()

    def _forecast(self, chance: random.Random) -> Iterator[Trouble | None]:
        """Trouble or none, request after request."""
        if not self.share:
            while True:
                yield None
        size = max(1, round(1 / self.share))
        while True:
            for trouble in chance.sample(list(Trouble), len(Trouble)):
                block: list[Trouble | None] = [None] * size
                block[chance.randrange(size)] = trouble
                yield from block


def cut(request: web.Request) -> None:
    """Reset the connection, with nothing said."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


async def half_of(response: web.Response, request: web.Request) -> web.StreamResponse:
    """Send the first half of a response, and hang up; of one without a body, nothing."""
    body = response.body if isinstance(response.body, bytes) else b""
    begun = web.StreamResponse(status=response.status, headers=response.headers)
    if body:
        begun.content_length = len(body)
        await begun.prepare(request)
        await begun.write(body[: len(body) // 2])
    if request.transport:
        request.transport.abort()
    return begun


def json_response(status: int, body: object, headers: dict[str, str] | None = None) -> web.Response:
    """JSON as Discord sends it: discord.py parses it only when no charset is named."""
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
