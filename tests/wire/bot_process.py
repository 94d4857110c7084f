"""The bot as a process of its own, pointed at a loopback Discord."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.loopback import LoopbackDiscord
from tests.wire import warm_start

ROOT = Path(__file__).parents[2]
TOKEN = "MTIzNDU2.the-token-that-nobody-may-see"


class Process(Protocol):
    """Of `asyncio.subprocess.Process`, what is used here."""

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def send_signal(self, signal: int, /) -> None: ...

    def kill(self) -> None: ...


@dataclass
class BotProcess:
    """A running bot. ``log`` is what it wrote to standard output and error so far."""

    process: Process
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text("utf-8")

    async def exit_status(self, timeout: float = 30.0) -> int:
        return await asyncio.wait_for(self.process.wait(), timeout)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        return await self.exit_status()


@asynccontextmanager
async def running_bot(
    folder: Path,
    articles: Path,
    *,
    api_url: str,
    gateway_url: str,
    token: str = TOKEN,
    warm: bool = False,
    **more: str,
) -> AsyncIterator[BotProcess]:
    """The bot from start to end; killed at the end where it still runs.

    Args:
        warm: Fork it from a process that has imported its libraries, which saves seconds.
        more: Other settings, as they stand in the environment.
    """
    environment = {
        **os.environ,
        "DISCORD_TOKEN": token,
        "DISCORD_API_URL": api_url,
        "DISCORD_GATEWAY_URL": gateway_url,
        "FOOTNOTE_DATA_DIR": str(folder / "data"),
        "FOOTNOTE_ARTICLES": str(articles),
        "LOG_LEVEL": "WARNING",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
        **more,
    }
    log_path = folder / "bot.log"
    started = warm_start.start if warm else _start
    # Away from the checkout, so that no .env of its developer is read.
    process: Process = await started(environment, folder, log_path)
    try:
        yield BotProcess(process, log_path)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _start(environment: Mapping[str, str], folder: Path, log_path: Path) -> Process:
    """The bot as it is started from a command line."""
    with log_path.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
        )


def make_loopback(
    token: str = TOKEN, *, heartbeat_interval: float = 0.5, shards: int = 1
) -> LoopbackDiscord:
    """A loopback Discord that compares requests with Discord's own document where that is.

    Args:
        shards: How many it recommends, all of which may begin together.
    """
    folder = os.environ.get("FOOTNOTE_TEST_DATA")
    document = Path(folder) / "discord" / "openapi.json" if folder else None
    return LoopbackDiscord(
        token,
        heartbeat_interval=heartbeat_interval,
        shards=shards,
        max_concurrency=shards,
        openapi=document if document and document.exists() else None,
    )
