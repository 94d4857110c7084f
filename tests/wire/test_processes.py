"""Several processes of one bot: each runs a shard, all share a database, and any may be killed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from bot.services import make_store
from bot.settings import Settings
from retrieval.postgres.servers import Servers
from tests.loopback import LoopbackDiscord, User
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
LEADS: Final = "This process leads from now on"


@dataclass
class Place:
    """A server, the shard that it is of, and the process that runs it."""

    scene: Scene
    shard: int
    settings: dict[str, str]
    bot: BotProcess | None = None
    running: AsyncExitStack = field(default_factory=AsyncExitStack)
    said_before: int = 0

    @property
    def log(self) -> str:
        """What its processes said, those that were killed too."""
        assert self.bot is not None
        return self.bot.log

    @property
    def leads(self) -> bool:
        """Whether the process that runs now has begun to lead."""
        assert self.bot is not None
        return self.bot.process.returncode is None and LEADS in self.log[self.said_before :]

    async def start(self) -> None:
        """Start the process, and wait until its shard is connected."""
        self.said_before = len(self.log) if self.bot else 0
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
            await _served_from(self, QUESTION, WORDS)

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

    def number(self, query: str, value: object) -> int | None:
        """What stands in the database, whoever’s it is."""
        with self.stage.cluster.superuser(self.name) as connection:
            found = connection.execute(query, [value]).fetchone()
        return None if found is None else int(found[0])

    async def number_becomes(self, expected: int, query: str, value: object) -> None:
        """Wait for what is kept only after an answer has been sent."""
        async with asyncio.timeout(10):
            while (found := self.number(query, value)) != expected:
                assert found is None or found < expected
                await asyncio.sleep(0.02)

    @property
    def leaders(self) -> list[Place]:
        """Where the processes are that have begun to lead, and run still."""
        return [place for place in self.places if place.leads]


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
    async with make_loopback(shards=COUNT) as discord:
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
            await asyncio.sleep(0.05)


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
    # What was said before is known to whoever is asked on.
    asked_on = await scene.discord.post_message(
        scene.channel, scene.ada, f"{scene.discord.bot.mention} And against whom?", reference=answer
    )
    reply = await scene.reply_to(asked_on)
    turns = "SELECT cardinality(turns) FROM conversations WHERE kind = 'message' AND place = %s"
    await three.number_becomes(2, turns, reply.id)


async def test_when_the_leader_is_killed_another_asks_for_news_within_seconds(
    three: Deployment,
) -> None:
    (leader,) = three.leaders
    three.web.answers["/feed"] = _feed("Brightwater")
    boss = leader.scene.boss
    await leader.scene.change(
        boss, "corpus add", "Added: 1", url=three.web.url("/feed"), collection="shared"
    )
    three.web.answers["/feed"] = _feed("Skarholm", "Brightwater")
    asked = len(three.web.requests)
    # Not later: who leads next looks at once, and then not for a minute.
    with three.stage.cluster.superuser(three.name) as connection:
        changed = connection.execute("UPDATE sources SET next_check = '2020-01-01T00:00:00+00:00'")
        assert changed.rowcount > 0
    await leader.kill()
    for place in three.places:
        if place is not leader:
            await _served_from(place, "What stands in Skarholm?", "lighthouse")
    assert len(three.leaders) == 1
    assert len(three.web.requests) - asked == 1
    await leader.start()
    await leader.open()
    assert len(three.leaders) == 1


def _feed(*towns: str) -> bytes:
    items = (
        f"<item><title>{town}</title><link>https://example.org/{town}</link><description>"
        f"In {town} stands a lighthouse, which was built by the fishermen of {town} long ago."
        "</description></item>"
        for town in towns
    )
    channel = f"<channel><title>Towns</title>{''.join(items)}</channel>"
    content = f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'
    return page(content, content_type="application/rss+xml")


async def test_who_asked_often_is_held_back_by_the_process_that_comes_after(
    three: Deployment,
) -> None:
    place = three.places[-1]
    scene, boss = place.scene, place.scene.boss
    dora = scene.guild.add_member("dora")
    setup = await scene.command(boss, "setup")
    limits = await scene.chosen(setup, "section", boss, "limits")
    await scene.filled(limits, "Change", boss, per_member="2", per_channel="0", per_server="0")
    for _ in range(2):
        assert quotes(await scene.mention(dora, QUESTION), WORDS)
    await place.kill()
    await place.start()
    refused = await scene.mention(dora, QUESTION)
    assert "many questions in a short time" in refused.text


async def test_who_is_forgotten_is_forgotten_by_all(three: Deployment) -> None:
    first, second, third = three.places
    eve = User(three.discord.add_user("eve").id, "eve")
    members = [place.scene.guild.add_member(eve) for place in three.places]
    for place, member in ((second, members[1]), (third, members[2])):
        assert quotes(await place.scene.mention(member, QUESTION), WORDS)
    asked = "SELECT count(*) FROM asked WHERE person = %s"
    said = "SELECT count(*) FROM conversations WHERE people @> ARRAY[%s::bigint]"
    await three.number_becomes(2, asked, eve.id)
    await three.number_becomes(2, said, eve.id)
    forgetting = await first.scene.command(members[0], "privacy forget-me")
    gone = await first.scene.pressed(forgetting, "Delete", members[0])
    assert "Deleted: 2" in gone.text
    assert three.number(asked, eve.id) == three.number(said, eve.id) == 0
