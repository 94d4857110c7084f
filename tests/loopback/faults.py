"""Trouble on order: rate limits, server errors, dropped connections."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass

from aiohttp import web


@dataclass
class Fault:
    """What the next `remaining` requests get that match `method` and `path`."""

    method: str
    path: re.Pattern[str]
    status: int
    remaining: int
    retry_after: float = 0.2
    is_global: bool = False
    drop: bool = False
    code: int = 0
    hits: int = 0

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


def json_response(status: int, body: object, headers: dict[str, str] | None = None) -> web.Response:
    """JSON as Discord sends it: discord.py parses it only when no charset is named."""
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
