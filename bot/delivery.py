"""Requests that reach Discord though connections break, and take effect once.

discord.py tries again after a 429 and most 5xx, but not when a connection is lost, and nobody can
tell then whether Discord had carried the request out before. So only what may be repeated is:

- what sets or removes something: PUT, PATCH, DELETE, and "is typing";
- a new message: discord.py gives each a nonce, by which Discord knows a repetition and answers
  with the message that there is;
- the acknowledgement of an interaction: Discord refuses the second, which then says that the first
  arrived.

A follow-up to an interaction has no nonce and is not repeated, nor is a new message with files,
whose nonce stands among them. Where losing it matters, edit the original response, which may be
repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

import aiohttp
import discord
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

LOST: Final = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError)
"""What a connection that breaks raises, at whatever moment it does."""

_PAUSES: Final = (0.1, 0.5, 1.0, 2.0)
"""Seconds before each repetition."""
_PATIENCE: Final = (0.8, 0.8, 1.0)
"""Seconds that an acknowledgement may take, try after try, of the 3 there are: discord.py would
wait 1 s after a 5xx, and 3 s after the next."""
_BREATH: Final = 0.1
_UNAVAILABLE: Final = 503
_ALREADY_ACKNOWLEDGED: Final = 40060
_REPEATABLE_POSTS: Final = frozenset({"/channels/{channel_id}/typing", "/users/@me/channels"})

_Attempt = Callable[[], Awaitable[Any]]


def deliver_surely(client: discord.Client) -> None:
    """Repeat what may be repeated, in this task and in those that it starts."""
    client.http.request = partial(_request, client.http.request)  # type: ignore[method-assign]
    async_context.set(_SureAdapter())  # type: ignore[no-untyped-call]


async def _request(request: Callable[..., Awaitable[Any]], route: Route, **options: Any) -> Any:
    """A request of the bot itself, as ``discord.http.HTTPClient.request`` makes it."""
    attempt = partial(request, route, **options)
    if not _may_be_repeated(route, options.get("json")):
        return await attempt()
    return await _again(attempt, options.get("files"))


def _may_be_repeated(route: Route, body: Any) -> bool:
    if route.method != "POST" or route.path in _REPEATABLE_POSTS:
        return True
    return isinstance(body, dict) and bool(body.get("nonce") and body.get("enforce_nonce"))


class _SureAdapter(AsyncWebhookAdapter):
    """The requests of interactions, which discord.py makes as those of webhooks."""

    async def request(self, route: Route, session: aiohttp.ClientSession, **options: Any) -> Any:
        attempt = partial(super().request, route, session, **options)
        files = options.get("files")
        if route.path.endswith("/callback") and not files:
            return await _acknowledge(route, attempt)
        if route.method == "POST":
            return await attempt()
        return await _again(attempt, files)


async def _again(attempt: _Attempt, files: Sequence[discord.File] | None) -> Any:
    """The result of the first attempt that comes through, or the last one's error.

    Args:
        files: What each attempt sends, and so reads to its end.
    """
    for pause in _PAUSES:
        try:
            return await attempt()
        except LOST:
            pass
        except discord.DiscordServerError as error:
            # discord.py has tried five times where it was another.
            if error.status != _UNAVAILABLE:
                raise
        await asyncio.sleep(pause)
        for file in files or ():
            file.reset()
    return await attempt()


async def _acknowledge(route: Route, attempt: _Attempt) -> Any:
    """The first answer to an interaction, within the 3 s that Discord allows for it."""
    lost: Exception | None = None
    for patience in _PATIENCE:
        try:
            async with asyncio.timeout(patience):
                return await attempt()
        except (TimeoutError, *LOST) as error:
            lost = error
        except discord.HTTPException as error:
            if lost is None or error.code != _ALREADY_ACKNOWLEDGED:
                raise
            # An earlier attempt arrived. Discord does not repeat what it answered to that.
            return {"interaction": {"id": str(route.webhook_id)}}
        await asyncio.sleep(_BREATH)
    raise lost or TimeoutError
