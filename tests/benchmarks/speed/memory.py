"""The most memory that the bot has taken, serving the articles that ship with it.

    python -m tests.benchmarks.speed.memory [--questions 20] [--json OUT]

Runs the bot as a process against the loopback Discord, from a folder where nothing is kept yet, so
that building the index counts too. Read from Linux: the peak of what was resident (VmHWM). The
processes that it starts, such as the one that reads files, are in the details.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from tests.benchmarks.speed.command import parser
from tests.benchmarks.speed.results import Result, show
from tests.conftest import SEEDS
from tests.loopback import Channel, Guild, LoopbackDiscord
from tests.wire.bot_process import make_loopback, running_bot

AIM = 350.0
_PROCESSES = Path("/proc")
_QUESTIONS = (
    "When was Haftar's offensive called Operation Dignity?",
    "How many people were killed in the battles on Monday?",
    "Which TV channel showed black smoke rising?",
    "What does a ticket to the national museum cost?",
)


async def measure(questions: int) -> list[Result]:
    """Ask so many questions, and look."""
    with tempfile.TemporaryDirectory() as folder:
        async with make_loopback(heartbeat_interval=41.25) as discord:
            guild = discord.add_guild()
            channel = guild.add_text_channel()
            bot = running_bot(
                Path(folder), SEEDS, api_url=discord.api_url, gateway_url=discord.gateway_url
            )
            async with bot as running:
                await discord.wait_until_ready(120)
                for number in range(questions):
                    await _ask(discord, guild, channel, number)
                process = running.process
                # Started as from the command line: a forked one would begin with another's memory.
                assert isinstance(process, asyncio.subprocess.Process)
                found, rest = _peak(process.pid), _resident(process.pid)
                children = sum(_peak(child) for child in _children(process.pid))
                await running.stop()
    return [
        Result(
            what="Peak memory of the serving bot, with the articles that ship with it",
            value=found,
            aim=AIM,
            unit="MB",
            details={
                "after the questions, MB": rest,
                "its child processes that still run, at their peaks, MB": children,
            },
        )
    ]


async def _ask(discord: LoopbackDiscord, guild: Guild, channel: Channel, number: int) -> None:
    # Another member each time: one alone may ask but so many questions a minute.
    member = guild.add_member(f"person-{number}")
    question = {"question": _QUESTIONS[number % len(_QUESTIONS)]}
    # The bot connects sooner than it has loaded its model, and says so.
    async with asyncio.timeout(300):
        while True:
            asked = await discord.slash(member, channel, "ask", question)
            if (await asked.wait_for_answer(120)).components:
                return
            await asyncio.sleep(1)


def _peak(process: int) -> float:
    return _figure(process, "VmHWM")


def _resident(process: int) -> float:
    return _figure(process, "VmRSS")


def _figure(process: int, name: str) -> float:
    """A figure of the system's about a process, in megabytes."""
    status = (_PROCESSES / str(process) / "status").read_text("utf-8")
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None, f"Linux says nothing of {name}"
    return int(found[1]) / 1024


def _children(process: int) -> list[int]:
    """Every process that it has started, and those that they have."""
    tasks = (_PROCESSES / str(process) / "task").iterdir()
    own = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return own + [child for parent in own for child in _children(parent)]


def main() -> None:
    arguments = parser("memory", __doc__, files=False)
    arguments.add_argument("--questions", type=int, default=20)
    given = arguments.parse_args()
    show(asyncio.run(measure(given.questions)), given.json)


if __name__ == "__main__":
    main()
