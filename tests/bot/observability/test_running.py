"""The bot as a process, with a Discord on loopback: health, metrics and logs as others see them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.bot.observability.scraping import Scrape, get, scraped
from tests.conftest import SEEDS
from tests.loopback import Channel, LoopbackDiscord, Member
from tests.wire.bot_process import TOKEN, BotProcess, make_loopback, running_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "When was Haftar's offensive called Operation Dignity?"
WATCHED = {
    "FOOTNOTE_METRICS_ADDRESS": "127.0.0.1:0",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "INFO",
}


@dataclass(frozen=True)
class Watched:
    """A running bot, and where its metrics are."""

    discord: LoopbackDiscord
    bot: BotProcess
    url: str
    channel: Channel
    ada: Member

    async def scrape_until(self, name: str, least: float, **labels: str) -> Scrape:
        """What is told as soon as a number is so high."""
        async with asyncio.timeout(30):
            while True:
                seen = await scraped(self.url)
                if name in seen.labels() and seen.value(name, **labels) >= least:
                    return seen
                await asyncio.sleep(0.05)


def lines(bot: BotProcess) -> list[dict[str, Any]]:
    """Every line that the bot has written, all of which must be JSON."""
    return [json.loads(line) for line in bot.log.splitlines()]


async def url_of(bot: BotProcess) -> str:
    """Where the metrics are, as the log says."""
    async with asyncio.timeout(60):
        while True:
            assert bot.process.returncode is None, bot.log
            for line in bot.log.splitlines() if bot.log_path.exists() else ():
                if "Metrics are served at " in line:
                    event: str = json.loads(line)["event"]
                    return event.removeprefix("Metrics are served at ").removesuffix("/metrics")
            await asyncio.sleep(0.05)


async def ready(url: str) -> None:
    async with asyncio.timeout(60):
        while (await get(url, "/readyz")).status != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def articles_in(folder: Path) -> Path:
    shutil.copytree(SEEDS, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    folder = tmp_path_factory.mktemp("watched")
    async with make_loopback() as discord:
        guild = discord.add_guild()
        bot_running = running_bot(
            folder,
            articles_in(folder / "articles"),
            api_url=discord.api_url,
            gateway_url=discord.gateway_url,
            warm=True,
            **WATCHED,
        )
        async with bot_running as bot:
            url = await url_of(bot)
            await ready(url)
            yield Watched(discord, bot, url, guild.add_text_channel(), guild.add_member("ada"))


async def test_a_bot_that_can_answer_is_ready_and_says_so_to_prometheus(watched: Watched) -> None:
    assert (await get(watched.url, "/healthz")).status == 200
    response = await get(watched.url, "/readyz")
    assert (response.status, response.json) == (200, {"ready": True, "reasons": []})
    seen = await scraped(watched.url)
    assert seen.value("footnote_ready") == 1
    assert seen.value("footnote_gateway_connected", shard="0") == 1
    assert seen.value("footnote_gateway_sessions_total", shard="0") == 1
    assert seen.value("footnote_articles") >= 1


async def test_a_question_is_counted_when_it_is_answered(watched: Watched) -> None:
    asked = await watched.discord.slash(watched.ada, watched.channel, "ask", {"question": QUESTION})
    await asked.wait_for_answer()
    name = "footnote_questions_total"
    seen = await watched.scrape_until(name, 1, way="command", outcome="answered")
    for stage in ("acknowledge", "encode", "search", "rerank", "send"):
        assert seen.value("footnote_stage_seconds_count", stage=stage) >= 1
    assert seen.value("footnote_discord_requests_total", status="2xx") >= 4
    assert QUESTION not in seen.text


async def test_a_refusal_by_discord_is_counted(watched: Watched) -> None:
    name = "footnote_discord_rate_limited_total"
    before = (await scraped(watched.url)).value(name)
    watched.discord.fail_next("POST", r"^/channels/\d+/messages$", status=429, retry_after=0.05)
    asked = await watched.discord.post_message(
        watched.channel, watched.ada, f"{watched.discord.bot.mention} {QUESTION}"
    )
    await watched.discord.wait_for_reply(asked, timeout=30)
    seen = await watched.scrape_until(name, before + 1)
    assert seen.value(name, scope="user") == before + 1


async def test_a_connection_that_is_gone_on_with_is_counted(watched: Watched) -> None:
    before = await scraped(watched.url)
    await watched.discord.cut_gateway()
    seen = await watched.scrape_until("footnote_gateway_resumes_total", 1, shard="0")
    lost = "footnote_gateway_disconnects_total"
    assert seen.value(lost) >= before.value(lost) + 1
    assert seen.value("footnote_gateway_sessions_total", shard="0") == 1
    await ready(watched.url)


async def test_every_line_of_the_log_is_json_and_tells_its_request(watched: Watched) -> None:
    for _ in range(2):
        asked = await watched.discord.slash(
            watched.ada, watched.channel, "ask", {"question": QUESTION}
        )
        await asked.wait_for_answer()
    over: list[dict[str, Any]] = []
    async with asyncio.timeout(30):
        while len(over) < 2:
            over = [line for line in lines(watched.bot) if line["event"] == "A question is over"]
            await asyncio.sleep(0.05)
    assert {line["level"] for line in lines(watched.bot)} <= {"info", "warning", "error"}
    assert all({"timestamp", "logger"} <= line.keys() for line in lines(watched.bot))
    assert len({line["request"] for line in over}) == len(over)
    assert all(line["seconds"] > 0 for line in over)
    assert any(line["event"].startswith("Connected to Discord as") for line in lines(watched.bot))
    assert QUESTION not in watched.bot.log
    assert TOKEN not in watched.bot.log
    assert str(watched.ada.id) not in watched.bot.log


@asynccontextmanager
async def silent_gateway() -> AsyncIterator[str]:
    """The address of a gateway that takes connections and says nothing."""
    over = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    over.set()
    server.close()


async def test_a_bot_whose_gateway_is_silent_lives_and_says_what_is_missing(
    tmp_path: Path,
) -> None:
    async with make_loopback() as discord, silent_gateway() as gateway_url:
        bot_running = running_bot(
            tmp_path,
            articles_in(tmp_path / "articles"),
            api_url=discord.api_url,
            gateway_url=gateway_url,
            warm=True,
            **WATCHED,
        )
        async with bot_running as bot:
            url = await url_of(bot)
            assert (await get(url, "/healthz")).status == 200
            async with asyncio.timeout(60):
                while len((response := await get(url, "/readyz")).json["reasons"]) > 1:
                    assert response.status == 503
                    await asyncio.sleep(0.05)
            assert response.status == 503
            assert response.json["reasons"] == ["Shard 0 is not connected to Discord."]
            seen = await scraped(url)
            assert seen.value("footnote_gateway_connected", shard="0") == 0
            assert await bot.stop() == 0
            with pytest.raises(aiohttp.ClientConnectionError):
                await get(url, "/healthz")


@pytest.mark.parametrize("form", ["console", "json"])
async def test_a_bot_that_cannot_be_watched_where_it_should_does_not_start(
    tmp_path: Path, watched: Watched, form: str
) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        taken = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        bot_running = running_bot(
            tmp_path,
            SEEDS,
            api_url=watched.discord.api_url,
            gateway_url=watched.discord.gateway_url,
            warm=True,
            FOOTNOTE_METRICS_ADDRESS=taken,
            LOG_FORMAT=form,
        )
        async with bot_running as bot:
            assert await bot.exit_status() == 1
            (line,) = bot.log.strip().splitlines()
    if form == "json":
        line = json.loads(line)["event"]
    assert line.startswith(f"footnote: Metrics cannot be served at {taken}.")
    assert "FOOTNOTE_METRICS_ADDRESS" in line
