"""A bot that starts in a second instead of six: its libraries are imported before it is forked.

What takes the time of a start is the import of PyTorch and sentence-transformers, which has no
effect but on memory. A fork server, which `multiprocessing` keeps for each test process, has them
imported once; the bot itself then starts as from the command line, with its own environment.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_IMPORTED_BEFORE: Final = ["bot.cli.run", "bot.client", "sentence_transformers", "faiss"]


class WarmProcess:
    """A bot's process, with what `asyncio.subprocess.Process` has for one."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        # Its status can be read once, so one thread alone waits for it.
        self._ended = asyncio.get_running_loop().run_in_executor(None, process.join)

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode if self._ended.done() else None

    async def wait(self) -> int:
        """The exit status; that of a signal is negative."""
        await asyncio.shield(self._ended)
        status = self.returncode
        assert status is not None
        return status

    def send_signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        self._process.kill()


async def start(environment: Mapping[str, str], folder: Path, log: Path) -> WarmProcess:
    """The bot in a folder, writing standard output and error to the end of a file."""
    _CONTEXT.set_forkserver_preload(_IMPORTED_BEFORE)
    process = _CONTEXT.Process(target=_run, args=(dict(environment), folder, log))
    # The first one waits until everything is imported.
    await asyncio.to_thread(process.start)
    return WarmProcess(process)


def _run(environment: Mapping[str, str], folder: Path, log: Path) -> None:
    """What `python -m bot run` does, in the process that was forked."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    from bot.cli import main

    sys.exit(main(["run"]))
