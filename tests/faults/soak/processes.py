"""The bot's processes, each with a shard of its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.loopback import LoopbackDiscord
from tests.wire.bot_process import TOKEN, BotProcess, running_bot

_START = 120.0
"""Seconds within which a process must be connected."""


@dataclass(eq=False)
class Shard:
    """A process, and when it was there.

    Attributes:
        is_open: Set while people may ask there.
        killed_at: When it was ended by force, in seconds of the event loop's clock.
    """

    number: int
    count: int
    folder: Path
    discord: LoopbackDiscord
    settings: dict[str, str]
    is_open: asyncio.Event = field(default_factory=asyncio.Event)
    killed_at: list[float] = field(default_factory=list)
    running: BotProcess | None = None
    _context: AbstractAsyncContextManager[BotProcess] | None = None

    async def start(self) -> None:
        """Start the process, and wait until Discord knows it."""
        self.folder.mkdir(exist_ok=True)
        self._context = running_bot(
            self.folder,
            self.folder.parent / "articles",
            api_url=self.discord.api_url,
            gateway_url=self.discord.gateway_url,
            warm=False,
            token=TOKEN,
            SHARD_COUNT=str(self.count),
            SHARD_IDS=str(self.number),
            **self.settings,
        )
        self.running = await self._context.__aenter__()
        await self.discord.wait_until(
            lambda: self.number in self.discord.ready_shards, _START, f"shard {self.number}"
        )

    async def kill(self) -> None:
        """End the process as the system does where memory runs out."""
        assert self.running is not None
        self.is_open.clear()
        self.killed_at.append(asyncio.get_running_loop().time())
        await self.running.stop(signal.SIGKILL)
        await self._leave()

    async def stop(self) -> int:
        """Ask the process to end; its exit status."""
        assert self.running is not None
        self.is_open.clear()
        status = await self.running.stop()
        await self._leave()
        return status

    @property
    def megabytes(self) -> float:
        """Its resident memory."""
        assert self.running is not None
        pid = getattr(self.running.process, "pid", 0)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    @property
    def log(self) -> str:
        file = self.folder / "bot.log"
        return file.read_text("utf-8") if file.exists() else ""

    async def _leave(self) -> None:
        assert self._context is not None
        await self._context.__aexit__(None, None, None)
        self._context = None
        await self.discord.wait_until(
            lambda: self.number not in self.discord.ready_shards, 30, "the shard to go"
        )
