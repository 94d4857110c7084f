"""How long an interaction waits for its acknowledgement while ten others are being answered.

    python -m tests.benchmarks.acknowledgement [ROUNDS]

Runs the bot as a process against the loopback Discord and prints milliseconds. Discord gives up
after 3 seconds; the aim is 100 ms.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.conftest import SEEDS
from tests.loopback import Channel, LoopbackDiscord, Member
from tests.wire.bot_process import make_loopback, running_bot

OTHERS = 10
QUESTION = "When was Haftar's offensive called Operation Dignity?"


async def measure(rounds: int) -> list[float]:
    """Seconds from each measured interaction to its acknowledgement."""
    with tempfile.TemporaryDirectory() as folder:
        async with make_loopback(heartbeat_interval=41.25) as discord:
            guild = discord.add_guild()
            channel = guild.add_text_channel()
            bot = running_bot(
                Path(folder), SEEDS, api_url=discord.api_url, gateway_url=discord.gateway_url
            )
            async with bot as process:
                await discord.wait_until_ready(60)
                person = guild.add_member("ada")
                await _articles_open(discord, person, channel)
                times = [await _one_round(discord, person, channel, n) for n in range(rounds)]
                await process.stop()
    return times


async def _articles_open(discord: LoopbackDiscord, person: Member, channel: Channel) -> None:
    """Ask until the answer is one: the bot connects sooner than it has loaded its model."""
    while True:
        asked = await discord.slash(person, channel, "ask", {"question": QUESTION})
        if (await asked.wait_for_answer(60)).components:
            return
        await asyncio.sleep(0.5)


async def _one_round(
    discord: LoopbackDiscord, person: Member, channel: Channel, number: int
) -> float:
    others = [
        await discord.slash(person, channel, "ask", {"question": f"{QUESTION} {number} {other}"})
        for other in range(OTHERS)
    ]
    # Only when the first of them is being worked on are the others really under way.
    await others[0].wait_acknowledged()
    measured = await discord.slash(person, channel, "ask", {"question": QUESTION})
    seconds = await measured.wait_acknowledged()
    for interaction in (*others, measured):
        await interaction.wait_for_answer(60)
    return seconds


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    # This process plays Discord: a collection here, of a tenth of a second, would count as the
    # bot's delay.
    gc.disable()
    times = asyncio.run(measure(rounds))
    print(
        f"Acknowledged while {OTHERS} others are being answered, {rounds} times: "
        f"median {median(times) * 1000:.1f} ms, max {max(times) * 1000:.1f} ms"
    )


if __name__ == "__main__":
    main()
