"""A simulated Discord with the real bot in it, over the real corpus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest
import simcord

from bot.client import FootnoteClient
from bot.conversations import Conversations
from bot.library import Library
from retrieval.answering import Answerer
from retrieval.corpus import Corpus
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder


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
def library(corpus: Corpus) -> Iterator[Library]:
    made = Library(corpus)
    made.show_articles()
    yield made
    made.close()


@pytest.fixture
def make_corpus(encoder: SentenceTransformerEncoder, tmp_path: Path) -> Callable[[Path], Corpus]:
    """Makes a corpus over a folder, not yet opened, for a test to change."""
    return lambda folder: Corpus([folder], tmp_path / "index", Answerer(encoder))


@pytest.fixture
def conversations() -> Conversations:
    return Conversations(time.monotonic)


@pytest.fixture
def simcord_bot(library: Library, conversations: Conversations, tmp_path: Path) -> FootnoteClient:
    return FootnoteClient(library, conversations, tmp_path / "discord")


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


def all_text(message: discord.Message | simcord.ResponseMessage) -> str:
    """Everything that a person reads in a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.author.name or "", embed.title or "", embed.description or ""]
        parts += [f"{field.name} {field.value}" for field in embed.fields]
        parts.append(embed.footer.text or "")
    return "\n".join(part for part in parts if part)
