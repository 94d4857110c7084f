"""A bot whose database says nothing any more ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.client import GRACE
from tests.bot.observability.test_running import ready, url_of
from tests.postgres.cluster import Cluster, Home, Stage
from tests.wire.bot_process import make_loopback, running_bot
from tests.wire.scene import QUESTION, WORDS, quotes, write_articles

ASKED = 8
"""More than there are threads that keep what is asked."""


@contextmanager
def muted(cluster: Cluster) -> Iterator[None]:
    """Every process of the server stands still: connections stay, and nothing comes of them."""
    first = int((cluster.data / "postmaster.pid").read_text("utf-8").split()[0])
    # Before the others: it would make new ones.
    os.kill(first, signal.SIGSTOP)
    others = Path(f"/proc/{first}/task/{first}/children").read_text("utf-8").split()
    processes = [first, *map(int, others)]
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


async def test_threads_that_wait_for_a_mute_database_do_not_keep_it_from_ending(
    tmp_path: Path, postgres_home: Home
) -> None:
    cluster = Cluster(postgres_home, "mute")
    await asyncio.to_thread(cluster.make)
    name = await asyncio.to_thread(Stage.of(cluster).make)
    write_articles(tmp_path / "articles")
    async with make_loopback() as discord:
        guild = discord.add_guild()
        channel = guild.add_text_channel()
        bot_running = running_bot(
            tmp_path,
            tmp_path / "articles",
            api_url=discord.api_url,
            gateway_url=discord.gateway_url,
            warm=True,
            FOOTNOTE_DATABASE_URL=cluster.url(name),
            FOOTNOTE_METRICS_ADDRESS="127.0.0.1:0",
            LOG_FORMAT="json",
            LOG_LEVEL="INFO",
        )
        async with bot_running as bot:
            await ready(await url_of(bot))
            # Answered from memory afterwards, so that nothing but keeping it needs the database.
            first = await discord.slash(guild.owner, channel, "ask", {"question": QUESTION})
            await first.wait_for_answer(30)
            with muted(cluster):
                asked = [
                    await discord.slash(
                        guild.add_member(f"asker-{number}"), channel, "ask", {"question": QUESTION}
                    )
                    for number in range(ASKED)
                ]
                for each in asked:
                    assert quotes(await each.wait_for_answer(30), WORDS)
                told_at = time.monotonic()
                assert await bot.stop() == 0, bot.log
                assert time.monotonic() - told_at < GRACE
    cluster.stop("immediate")
