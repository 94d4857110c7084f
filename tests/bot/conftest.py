"""A simulated Discord with the real bot in it, over the real corpus."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import discord
import pytest
import simcord

from bot.access import Access
from bot.client import FootnoteClient
from bot.conversations import Conversations, LocalConversations
from bot.library import Library
from bot.limits import LocalLimiter
from bot.registration import FileRegistrations
from bot.services import Services
from bot.store import Store
from retrieval.answering import Answerer
from retrieval.corpus import Corpora
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.limits import Limits
from retrieval.sandbox import Sandbox
from tests.bot.components import words_in
from tests.postgres.cluster import ROLE, Stage


@dataclass(frozen=True)
class Scene:
    """A server with a channel, a member and someone who manages the server."""

    env: simcord.Env
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    ada: simcord.MemberActor
    boss: simcord.MemberActor

    @property
    def mention(self) -> str:
        assert self.env.bot.user
        return self.env.bot.user.mention

    @property
    def last(self) -> discord.Message:
        """The latest message in the channel, which must be the bot's."""
        message = self.channel.last_message
        assert message is not None
        assert self.env.bot.user
        assert message.author.id == self.env.bot.user.id
        return message

    def thread(self, name: str = "a thread") -> simcord.ChannelHandle:
        made = self.env.backend.create_thread(self.channel.id, name, owner_id=self.ada.id)
        return next(thread for thread in self.channel.threads if thread.id == made.id)


@pytest.fixture
def library(corpora: Corpora) -> Iterator[Library]:
    """The library over the seed article that the whole suite shares; tests do not change it."""
    made = Library(corpora)
    made.show_articles()
    yield made
    made.close()


class MakeCorpora(Protocol):
    """Makes collections that a test may change, not yet opened; closed after the test.

    All of one test's are kept in one folder, as those of several processes are.
    """

    def __call__(self, *sources: Path | str, **options: Any) -> Corpora: ...


@pytest.fixture
def make_corpora(
    encoder: SentenceTransformerEncoder, sandbox: Sandbox, tmp_path: Path
) -> Iterator[MakeCorpora]:
    with ExitStack() as closing:

        def make(*sources: Path | str, **options: Any) -> Corpora:
            made = Corpora(
                tmp_path / "data", Answerer(encoder), sources, sandbox=sandbox, **options
            )
            return closing.enter_context(made)

        yield make


@pytest.fixture(scope="session")
def people_template(postgres_stage: Stage) -> Iterator[str]:
    """The name of a database with the people's tables, of which tests get copies."""
    from bot.store.postgres.migration import migrate_people
    from retrieval.postgres.servers import Servers as PostgresServers

    with postgres_stage.database() as name:
        servers = PostgresServers(postgres_stage.cluster.url(name))
        migrate_people(servers)
        servers.close()
        yield name


@pytest.fixture
def people_url(postgres_stage: Stage, people_template: str) -> Iterator[str]:
    """A new database with the people's tables, as ``FOOTNOTE_DATABASE_URL`` names it."""
    name = f"{people_template}_copy"
    with postgres_stage.cluster.superuser() as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {people_template}")
    yield postgres_stage.cluster.url(name)
    with postgres_stage.cluster.superuser() as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def conversations() -> Conversations:
    return LocalConversations(time.monotonic)


def client_over(
    library: Library,
    conversations: Conversations,
    folder: Path,
    *,
    operators: frozenset[int] = frozenset(),
    limits: Limits | None = None,
    store: Store | None = None,
    reads_messages: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> FootnoteClient:
    """A bot that keeps everything in ``folder``."""
    store = store or Store(
        folder,
        keep_text=True,
        retention=timedelta(days=30),
        clock=lambda: datetime.now(UTC),
    )
    return FootnoteClient(
        Services(
            library=library,
            conversations=conversations,
            store=store,
            limiter=LocalLimiter(clock),
            access=Access(library, operators, store),
            limits=limits or Limits(),
            registrations=FileRegistrations(folder),
            reads_messages=reads_messages,
            clock=clock,
        )
    )


@pytest.fixture
def simcord_bot(library: Library, conversations: Conversations, tmp_path: Path) -> FootnoteClient:
    return client_over(library, conversations, tmp_path / "discord")


@pytest.fixture
def scene(simcord_env: simcord.Env) -> Scene:
    guild = simcord_env.create_guild()
    channel = guild.create_text_channel("general")
    manager = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    return Scene(
        env=simcord_env,
        guild=guild,
        channel=channel,
        ada=guild.add_member(simcord_env.create_user("ada")),
        boss=guild.add_member(simcord_env.create_user("boss"), roles=[manager]),
    )


@dataclass(frozen=True)
class Servers:
    """Two servers with the same bot, whose collections a test may change.

    ``boss`` manages the first and ``stranger`` the second; ``keeper`` is an operator of the bot
    and manages nothing.
    """

    scene: Scene
    corpora: Corpora
    library: Library
    folder: Path
    keeper: simcord.MemberActor
    stranger: simcord.MemberActor
    elsewhere: simcord.ChannelHandle

    @property
    def env(self) -> simcord.Env:
        return self.scene.env

    @property
    def channel(self) -> simcord.ChannelHandle:
        return self.scene.channel

    @property
    def ada(self) -> simcord.MemberActor:
        return self.scene.ada

    @property
    def boss(self) -> simcord.MemberActor:
        return self.scene.boss

    @property
    def client(self) -> FootnoteClient:
        client = self.env.bot
        assert isinstance(client, FootnoteClient)
        return client

    async def restart(self, library: Library | None = None, **options: Any) -> None:
        """Another bot in the place of this one, over the same folder."""
        options = {"operators": frozenset({self.keeper.id})} | options
        await self.env.restart_bot(
            client_over(
                library or self.library, LocalConversations(lambda: 0.0), self.folder, **options
            )
        )

    async def add(self, name: str, text: str, **options: Any) -> simcord.InteractionResult:
        """What the boss adds to the first server's collection, or elsewhere."""
        return await self.boss.slash(
            self.channel, "corpus add", file=(name, text.encode()), **options
        )

    def demote_boss(self) -> None:
        """Take the role from the boss by which this server is managed."""
        guild = self.scene.guild
        role = guild.roles["Managers"]
        self.env.backend.remove_member_role(guild.id, self.boss.id, role.id)

    async def titles(self) -> list[str]:
        return [article.title for article in await self.library.known(self.scene.guild.id)]


@pytest.fixture
async def servers(
    scene: Scene, make_corpora: MakeCorpora, tmp_path: Path
) -> AsyncIterator[Servers]:
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "lighthouse.txt").write_text("The lighthouse of Norwick was built in 1851.")
    corpora = make_corpora(articles, private_hosts=["127.0.0.1"])
    library = Library(corpora)
    await library.open()
    env = scene.env
    other = env.create_guild("Elsewhere")
    manager = other.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    made = Servers(
        scene=scene,
        corpora=corpora,
        library=library,
        folder=tmp_path / "discord",
        keeper=scene.guild.add_member(env.create_user("keeper")),
        stranger=other.add_member(env.create_user("stranger"), roles=[manager]),
        elsewhere=other.create_text_channel("elsewhere"),
    )
    await made.restart()
    yield made
    library.close()


def text_of(result: simcord.InteractionResult) -> str:
    """Everything that a person reads in the first answer to what they did."""
    assert result.response is not None
    return all_text(result.response)


def all_text(message: discord.Message | simcord.ResponseMessage) -> str:
    """Everything that a person reads in a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.author.name or "", embed.title or "", embed.description or ""]
        parts += [f"{field.name} {field.value}" for field in embed.fields]
        parts.append(embed.footer.text or "")
    if isinstance(message, simcord.ResponseMessage):
        message = message.message
    parts.append(words_in(message))
    return "\n".join(part for part in parts if part)
