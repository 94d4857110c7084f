"""A bot that is told to stop: what it began it finishes, what comes then it refuses."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from bot.client import GRACE
from tests.wire.scene import QUESTION, WORDS, Scene, quotes, scene_in

RESTARTED = "I am being restarted. Try again in a minute."
HELD_BACK = 3.0
"""Seconds for which Discord keeps the answers waiting that are on their way."""


async def test_ten_questions_in_progress_are_answered_and_none_after_them(tmp_path: Path) -> None:
    async with scene_in(tmp_path) as scene, scene.bot() as bot:
        held = scene.discord.fail_next(
            "*", r"^/webhooks/", status=429, times=10, retry_after=HELD_BACK
        )
        people = [scene.guild.add_member(f"asker-{number}") for number in range(10)]
        asked = [
            await scene.discord.slash(person, scene.channel, "ask", {"question": QUESTION})
            for person in people
        ]
        await scene.discord.wait_until(lambda: held.hits == 10, 30, "ten answers on their way")

        told_at = time.monotonic()
        bot.process.send_signal(signal.SIGTERM)
        await told_to_try_again(scene)
        assert bot.process.returncode is None, "it has answers to finish"

        answers = [await each.wait_for_answer(30) for each in asked]
        assert all(quotes(answer, WORDS) for answer in answers)
        assert await bot.exit_status() == 0
        assert time.monotonic() - told_at < GRACE
        assert "Stopped with answers in progress" not in bot.log


async def told_to_try_again(scene: Scene) -> None:
    """Ask until a question is refused: the signal and a message may pass each other."""
    while RESTARTED not in (await scene.mention(scene.ada, QUESTION)).text:
        pass
