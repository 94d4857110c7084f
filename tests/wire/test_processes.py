"""Several processes of one bot: each runs a shard, all share a database, and any may be killed."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import pytest_asyncio

from bot.services import make_store
from bot.settings import Settings
from bot.store import ServerSettings
from retrieval.postgres.servers import Servers
from tests.loopback import LoopbackDiscord, Member, Message, User
from tests.postgres.cluster import Stage
from tests.retrieval.web.site import Site, page, site
from tests.wire.bot_process import BotProcess, make_loopback, running_bot
from tests.wire.scene import (
    AS_OFTEN_AS_YOU_LIKE,
    MANAGE_GUILD,
    QUESTION,
    UNKNOWN,
    WORDS,
    Scene,
    quotes,
    write_articles,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNT: Final = 3
SOON: Final = 1.0
"""Seconds after which a change is served by every process."""
TWICE_A_MINUTE: Final = ServerSettings(per_member=2, per_channel=0, per_server=0)
LEADS: Final = "This process leads from now on"


@dataclass
class Place:
    """A server, the shard that it is of, and the process that runs it."""

    scene: Scene
    shard: int
    settings: dict[str, str]
    bot: BotProcess | None = None
    running: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def log(self) -> str:
        assert self.bot is not None
        return self.bot.log

    async def start(self) -> None:
        """Start the process, which answers as soon as its shard is connected and it has articles."""
        self.bot = await self.running.enter_async_context(
            running_bot(
                self.scene.folder,
                self.scene.articles,
                api_url=self.scene.discord.api_url,
                gateway_url=self.scene.discord.gateway_url,
                warm=True,
                **self.settings,
            )
        )
        connected = asyncio.create_task(
            self.scene.discord.wait_until(
                lambda: self.shard in self.scene.discord.ready_shards, 60, f"shard {self.shard}"
            )
        )
        ended = asyncio.create_task(self.bot.process.wait())
        await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
        assert self.bot.process.returncode is None, self.log
        ended.cancel()
        await connected

    async def kill(self) -> None:
        """End the process at once, as a machine that fails does."""
        assert self.bot is not None
        assert await self.bot.stop(signal.SIGKILL) == -signal.SIGKILL
        await self.scene.discord.wait_until(
            lambda: self.shard not in self.scene.discord.ready_shards, 10, "the shard to go"
        )

    async def open(self) -> None:
        """Ask until there is an answer: the articles are opened while the shard connects."""
        async with asyncio.timeout(60):
            while not quotes(await self.scene.mention(self.scene.ada, QUESTION), WORDS):
                await asyncio.sleep(0.1)

    async def answered_until(self, done: asyncio.Event) -> int:
        """Ask again and again; each question is answered. How many were."""
        count = 0
        while not done.is_set():
            assert quotes(await self.scene.mention(self.scene.ada, QUESTION), WORDS)
            count += 1
        return count


@dataclass(frozen=True)
class Deployment:
    """Three processes with a folder each, as if they were on three machines, and one database."""

    discord: LoopbackDiscord
    places: list[Place]
    web: Site
    stage: Stage
    name: str

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database, whoever’s it is."""
        with self.stage.cluster.superuser(self.name) as connection:
            return connection.execute(query, values).fetchall()

    @property
    def leaders(self) -> list[Place]:
        """The places of the processes that have begun to lead, and run still."""
        return [place for place in self.places if LEADS in place.log.rpartition("killed")[2]]


@contextmanager
def chosen_settings(url: str, folder: Path) -> Iterator[Any]:
    """Have servers' settings, before a bot is there."""
    servers = Servers(url)
    store = make_store(Settings(data_dir=folder), servers)
    yield store.save_settings
    store.close()
    servers.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(
    tmp_path_factory: pytest.TempPathFactory, postgres_stage: Stage, postgres_module_url: str
) -> AsyncIterator[Deployment]:
    """Three processes that have been started at once, over a database that was empty."""
    root = tmp_path_factory.mktemp("processes")
    write_articles(root / "articles")
    async with make_loopback(shards=COUNT, max_concurrency=COUNT) as discord:
        with site() as web, chosen_settings(postgres_module_url, root) as choose:
            places = []
            operator = discord.add_user("boss")
            for shard in range(COUNT):
                folder = root / f"machine-{shard}"
                folder.mkdir()
                scene = _scene(discord, folder, root / "articles", shard, operator)
                choose(scene.guild.id, AS_OFTEN_AS_YOU_LIKE)
                places.append(
                    Place(
                        scene,
                        shard,
                        {
                            "FOOTNOTE_DATABASE_URL": postgres_module_url,
                            "FOOTNOTE_ARTICLES": str(root / "articles"),
                            "FOOTNOTE_PRIVATE_HOSTS": web.host,
                            "SHARD_COUNT": str(COUNT),
                            "SHARD_IDS": str(shard),
                            "OPERATOR_IDS": str(operator.id),
                            "LOG_LEVEL": "INFO",
                        },
                    )
                )
            name = postgres_module_url.rpartition("/")[2]
            made = Deployment(discord, places, web, postgres_stage, name)
            try:
                await asyncio.gather(*(place.start() for place in places))
                await asyncio.gather(*(place.open() for place in places))
                yield made
                for place in places:
                    assert place.bot
                    assert await place.bot.stop() == 0
                    assert "Traceback" not in place.log, place.log
                discord.assert_clean()
            finally:
                for place in places:
                    await place.running.aclose()


def _scene(
    discord: LoopbackDiscord, folder: Path, articles: Path, shard: int, operator: User
) -> Scene:
    guild = discord.add_guild(f"guild {shard}", shard=(shard, COUNT))
    return Scene(
        discord=discord,
        folder=folder,
        guild=guild,
        channel=guild.add_text_channel(),
        ada=guild.add_member("ada"),
        ben=guild.add_member("ben"),
        boss=guild.add_member(operator, permissions=MANAGE_GUILD),
        moderator=guild.add_member("moderator"),
        anteroom=guild,
    )


async def test_each_process_runs_its_shard(three: Deployment) -> None:
    shards = sorted(identify["shard"] for identify in three.discord.identifies)
    assert shards == [[0, COUNT], [1, COUNT], [2, COUNT]]


async def test_one_of_them_has_registered_the_commands(three: Deployment) -> None:
    await three.discord.wait_for_commands()
    assert len(three.discord.command_syncs) == 1
    assert len(three.leaders) == 1


async def test_what_is_added_at_one_is_served_by_all_within_a_second(three: Deployment) -> None:
    first, *others = three.places
    owl = three.discord.upload("owl.txt", b"The owl of the library is called Minerva.")
    await first.scene.change(
        first.scene.boss, "corpus add", "Added: 1", file=owl, collection="shared"
    )
    added = asyncio.get_running_loop().time()
    for place in (first, *others):
        served = await _served_from(place, "What is the owl of the library called?", "Minerva")
        assert served - added < SOON


async def _served_from(place: Place, question: str, words: str) -> float:
    """When a question was asked that was answered with some words, the first that was."""
    async with asyncio.timeout(20):
        while True:
            asked = asyncio.get_running_loop().time()
            if quotes(await place.scene.mention(place.scene.ada, question), words):
                return asked


async def test_whichever_is_killed_the_others_answer_and_it_goes_on_where_it_was(
    three: Deployment,
) -> None:
    for place in three.places:
        await _killed_and_started_again(three, place)
    assert len(three.discord.command_syncs) == 1


async def _killed_and_started_again(three: Deployment, place: Place) -> None:
    scene, others = place.scene, [other for other in three.places if other is not place]
    answer = await scene.mention(scene.ada, QUESTION)
    unanswered = await scene.mention(scene.ada, UNKNOWN)
    back = asyncio.Event()
    asking = [asyncio.create_task(other.answered_until(back)) for other in others]
    try:
        await place.kill()
        await place.start()
        await place.open()
    finally:
        back.set()
    for answered in await asyncio.gather(*asking):
        assert answered > 0
    # What somebody presses finds all that another process knew.
    assert WORDS in (await scene.pressed(answer, "Context", scene.ben)).text
    assert "Thank you" in (await scene.pressed(answer, "👍", scene.ada)).text
    told = await scene.pressed(unanswered, "Tell the admins", scene.ben)
    assert "the question is marked on the list" in told.text
    followed = await scene.filled(answer, "Follow up", scene.ben, "And against whom?")
    assert QUESTION in followed.text


async def test_when_the_leader_is_killed_another_asks_for_news_within_seconds(
    three: Deployment,
) -> None:
    three.web.answers["/feed"] = _feed("Brightwater")
    boss = three.places[0].scene
    await boss.change(boss.boss, "corpus add", "Added: 1", url=three.web.url("/feed"))
