"""discord.py in a hurry: it waits for whole seconds before it tries again."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import discord
import pytest

_FASTER: Final = 20.0


class _Hurried:
    """`asyncio` whose sleep is short."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / _FASTER)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten discord.py's own pauses, for tests of what it sends and not of when."""
    for module in (discord.http, discord.webhook.async_):
        monkeypatch.setattr(module, "asyncio", _Hurried())
