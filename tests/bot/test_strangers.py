"""Servers are strangers: what one has added is nowhere to be seen in another, or outside."""

from __future__ import annotations

import io
import zipfile

import discord
import simcord

from tests.bot.conftest import Servers, all_text, text_of

TEXT = "The zeppelin Aurora landed in Oslo on a rainy Tuesday."
QUESTION = "Where did the zeppelin Aurora land?"
WORDS = "landed in Oslo"
SHARED_QUESTION = "When was the lighthouse of Norwick built?"
SHARED_WORDS = "built in 1851"


def shows(result: simcord.InteractionResult, words: str) -> bool:
    shown = [all_text(message) for message in result.followups]
    shown += [text_of(result)] if result.response else []
    return any(words in text.replace("**", "") for text in shown)


async def test_what_a_server_adds_is_quoted_there_and_nowhere_else(servers: Servers) -> None:
    await servers.add("aurora.txt", TEXT)
    here = await servers.ada.slash(servers.channel, "ask", question=QUESTION)
    there = await servers.stranger.slash(servers.elsewhere, "ask", question=QUESTION)
    alone = await servers.ada.user.slash("ask", question=QUESTION)
    assert shows(here, WORDS)
    assert not shows(there, WORDS)
    assert not shows(alone, WORDS)


async def test_a_mention_and_a_direct_message_are_answered_from_where_they_are_written(
    servers: Servers,
) -> None:
    await servers.add("aurora.txt", TEXT)
    asked = f"{servers.scene.mention} {QUESTION}"
    await servers.ada.send(servers.channel, asked)
    await servers.stranger.send(servers.elsewhere, asked)
    await servers.ada.send_dm(QUESTION)
    assert WORDS in all_text(servers.scene.last)
    for channel in (servers.elsewhere, servers.ada.user.dm_channel):
        assert channel.last_message is not None
        assert WORDS not in all_text(channel.last_message)


async def test_all_servers_are_answered_from_what_is_shared(servers: Servers) -> None:
    await servers.add("aurora.txt", TEXT)
    for actor, channel in ((servers.ada, servers.channel), (servers.stranger, servers.elsewhere)):
        assert shows(await actor.slash(channel, "ask", question=SHARED_QUESTION), SHARED_WORDS)
    assert shows(await servers.ada.user.slash("ask", question=SHARED_QUESTION), SHARED_WORDS)


async def test_a_strangers_article_is_neither_listed_nor_suggested_nor_summarized(
    servers: Servers,
) -> None:
    await servers.add("aurora.txt", TEXT)
    for there in (
        await servers.stranger.slash(servers.elsewhere, "sources"),
        await servers.ada.user.slash("sources"),
        await servers.stranger.slash(servers.elsewhere, "corpus list"),
        await servers.stranger.slash(servers.elsewhere, "corpus list", collection="shared"),
        await servers.stranger.slash(servers.elsewhere, "summary"),
        await servers.ada.user.slash("summary"),
        await servers.stranger.slash(servers.elsewhere, "summary", article="aurora"),
        await servers.stranger.slash(servers.elsewhere, "corpus show", article="aurora"),
        await servers.stranger.slash(servers.elsewhere, "corpus remove", article="aurora"),
        await servers.stranger.slash(servers.elsewhere, "corpus undo", article="aurora"),
    ):
        assert not shows(there, "zeppelin")
        assert not shows(there, "Aurora")
    for command in ("summary", "corpus remove", "corpus show"):
        suggested = await servers.stranger.autocomplete(
            servers.elsewhere, command, "article", "auro"
        )
        assert suggested == []
    assert await servers.ada.user.autocomplete("summary", "article", "auro") == []
    here = await servers.ada.autocomplete(servers.channel, "summary", "article", "auro")
    assert [choice["value"] for choice in here] == ["aurora"]
    assert shows(await servers.ada.slash(servers.channel, "sources"), "Aurora")
    assert servers.env.errors


async def test_a_strangers_article_is_not_exported(servers: Servers) -> None:
    await servers.add("aurora.txt", TEXT)
    added = await servers.stranger.slash(
        servers.elsewhere, "corpus add", file=("tram.txt", b"The tram of Elsewhere is yellow.")
    )
    assert shows(added, "Added: 1")
    result = await servers.stranger.slash(servers.elsewhere, "corpus export")
    assert result.response
    content = await result.response.attachments[0].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist())
    assert b"yellow" in held
    assert b"zeppelin" not in held


async def test_articles_of_one_name_are_told_apart(servers: Servers) -> None:
    await servers.add("lighthouse.txt", "The lighthouse of Sumburgh is white.")
    choices = await servers.ada.autocomplete(servers.channel, "summary", "article", "light")
    assert [choice["value"] for choice in choices] == ["lighthouse", "shared/lighthouse"]
    own, shared = [
        await servers.ada.slash(servers.channel, "summary", article=choice["value"])
        for choice in choices
    ]
    assert shows(own, "Sumburgh")
    assert shows(shared, "Norwick")


async def test_a_server_may_do_without_what_is_shared(servers: Servers) -> None:
    result = await servers.boss.slash(servers.channel, "corpus shared", use=False)
    assert result.ephemeral
    assert shows(result, "from this server’s own articles alone")
    empty = await servers.ada.slash(servers.channel, "ask", question=SHARED_QUESTION)
    assert shows(empty, "This server has no articles yet")
    assert await servers.ada.autocomplete(servers.channel, "summary", "article", "") == []
    await servers.add("aurora.txt", TEXT)
    asked = await servers.ada.slash(servers.channel, "ask", question=SHARED_QUESTION)
    assert not shows(asked, SHARED_WORDS)
    refused = await servers.boss.slash(servers.channel, "corpus list", collection="shared")
    assert shows(refused, "This server does not use the shared collection.")
    elsewhere = await servers.stranger.slash(servers.elsewhere, "ask", question=SHARED_QUESTION)
    assert shows(elsewhere, SHARED_WORDS)
    await servers.boss.slash(servers.channel, "corpus shared", use=True)
    again = await servers.ada.slash(servers.channel, "ask", question=SHARED_QUESTION)
    assert shows(again, SHARED_WORDS)
    assert servers.env.errors


async def test_what_is_forwarded_from_another_server_does_not_go_on_from_it(
    servers: Servers,
) -> None:
    await servers.add("aurora.txt", TEXT)
    await servers.ada.send(servers.channel, f"{servers.scene.mention} {QUESTION}")
    # As a client would have to be made to send it: words of one's own beside what is forwarded.
    reference = {
        "type": discord.MessageReferenceType.forward.value,
        "channel_id": str(servers.channel.id),
        "message_id": str(servers.scene.last.id),
    }
    assert servers.elsewhere.guild
    traveller = servers.elsewhere.guild.add_member(servers.ada.user)
    servers.env.backend.create_message(
        servers.elsewhere.id,
        traveller.id,
        f"{servers.scene.mention} And when was that?",
        reference=reference,
    )
    await servers.env.settle()
    answer = servers.elsewhere.last_message
    assert answer is not None
    assert answer.author == servers.env.bot.user
    assert "earlier question" not in all_text(answer)
    assert WORDS not in all_text(answer)


async def test_who_brought_the_bot_along_is_answered_as_in_a_direct_message(
    servers: Servers,
) -> None:
    await servers.add("aurora.txt", TEXT)
    guild = servers.client.get_guild(servers.scene.guild.id)
    assert guild is not None
    # A server that the bot is not in is one that it does not know.
    servers.client._connection._remove_guild(guild)
    asked = await servers.ada.slash(servers.channel, "ask", question=QUESTION)
    assert not shows(asked, WORDS)
    refused = await servers.boss.slash(servers.channel, "corpus list")
    assert shows(refused, "That works in servers only.")
    assert servers.env.errors
