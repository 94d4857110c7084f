"""Asking in messages: by a mention, a reply, a direct message; and what is no question."""

from __future__ import annotations

from pathlib import Path

import discord
import pytest
import simcord

from bot.client import FootnoteClient
from bot.conversations import Conversations, LocalConversations, Place
from bot.library import Library
from retrieval.conversation import Turn
from tests.bot.conftest import MakeCorpora, Scene, all_text, client_over
from tests.conftest import SEEDS

QUESTION = "When was Haftar's offensive called Operation Dignity?"
WORDS = "dubbed Operation Dignity"


async def test_a_mention_is_answered_in_reply_with_a_quote(scene: Scene) -> None:
    asked = await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert WORDS in all_text(scene.last)
    assert scene.last.reference is not None
    assert scene.last.reference.message_id == asked.id
    assert scene.last.mentions == []


async def test_a_mention_in_a_thread_is_answered_there(scene: Scene) -> None:
    thread = scene.thread()
    await scene.ada.send(thread, f"{QUESTION} {scene.mention}")
    assert thread.last_message is not None
    assert WORDS in all_text(thread.last_message)


async def test_a_direct_message_needs_no_mention(scene: Scene) -> None:
    await scene.ada.send_dm(QUESTION)
    answer = scene.ada.user.dm_channel.last_message
    assert answer is not None
    assert WORDS in all_text(answer)


async def test_what_is_not_said_to_the_bot_is_left_alone(scene: Scene) -> None:
    await scene.ada.send(scene.channel, QUESTION)
    await scene.boss.send(scene.channel, f"@everyone {QUESTION}")
    await scene.ada.send(scene.channel, f"{scene.boss.mention} {QUESTION}")
    robot = scene.guild.add_member(scene.env.create_user("robot", bot=True))
    await robot.send(scene.channel, f"{scene.mention} {QUESTION}")
    hook = scene.guild.create_webhook(scene.channel)
    await hook.send(f"{scene.mention} {QUESTION}")
    assert scene.env.bot.user
    authors = {message.author.id for message in scene.channel.history()}
    assert scene.env.bot.user.id not in authors


@pytest.mark.parametrize("rest", ["", "   ", "<:smile:123456789012345678>", "<@&1> <#2>"])
async def test_a_mention_alone_gets_a_hint(scene: Scene, rest: str) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention}{rest}")
    assert "Ask me" in scene.last.content


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("?!…", "There is no question in that."),
        ("\x00\x01\ufffd", "There is no question in that."),
    ],
)
async def test_what_cannot_be_asked_gets_a_plain_sentence(
    scene: Scene, question: str, sentence: str
) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {question}")
    assert sentence in scene.last.content


async def test_what_the_articles_do_not_hold_is_said_plainly(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} Who won the 2014 World Cup?")
    assert "The articles do not answer that." in all_text(scene.last)
    assert "Nearest passage, not an answer" in all_text(scene.last)


async def test_a_reply_goes_on_from_the_answer(scene: Scene, conversations: Conversations) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    answer = scene.last
    await scene.boss.send(scene.channel, "And against whom?", reply_to=answer)
    assert scene.last.id != answer.id
    turns = await conversations.turns(scene.guild.id, [Place("message", scene.last.id)])
    assert [turn.question for turn in turns] == [QUESTION, "And against whom?"]
    assert f"Understood with your earlier question: “**{QUESTION}**”" in all_text(scene.last)


async def test_another_mention_in_a_channel_begins_anew(
    scene: Scene, conversations: Conversations
) -> None:
    for question in (QUESTION, "Who is Stevens?"):
        await scene.ada.send(scene.channel, f"{scene.mention} {question}")
    turns = await conversations.turns(scene.guild.id, [Place("message", scene.last.id)])
    assert [turn.question for turn in turns] == ["Who is Stevens?"]


async def test_a_thread_and_a_direct_channel_are_one_conversation(
    scene: Scene, conversations: Conversations
) -> None:
    thread = scene.thread()
    for question in (QUESTION, "And against whom?"):
        await scene.ada.send(thread, f"{scene.mention} {question}")
        await scene.ada.send_dm(question)
    for server, channel in ((scene.guild.id, thread), (None, scene.ada.user.dm_channel)):
        turns = await conversations.turns(server, [Place("channel", channel.id)])
        assert [turn.question for turn in turns] == [QUESTION, "And against whom?"]


async def test_a_reply_goes_on_after_a_restart(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    answer = scene.last
    fresh = LocalConversations(lambda: 0.0)
    await scene.env.restart_bot(client_over(library, fresh, tmp_path / "discord"))
    await scene.ada.send(scene.channel, "And against whom?", reply_to=answer)
    first, second = await fresh.turns(scene.guild.id, [Place("message", scene.last.id)])
    assert first.question == QUESTION
    assert WORDS in first.quoted
    assert second.question == "And against whom?"


async def test_a_reply_to_a_slash_answer_goes_on_after_a_restart(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    shown = await scene.ada.slash(scene.channel, "ask", question=f"{QUESTION} *really*")
    assert shown.response
    fresh = LocalConversations(lambda: 0.0)
    await scene.env.restart_bot(client_over(library, fresh, tmp_path / "discord"))
    await scene.ada.send(
        scene.channel, f"{scene.mention} Against whom?", reply_to=shown.response.message
    )
    first, _ = await fresh.turns(scene.guild.id, [Place("message", scene.last.id)])
    assert first == Turn(f"{QUESTION} *really*", first.quoted)


async def test_a_reply_goes_on_though_the_question_was_deleted(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    asked = await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    answer = scene.last
    await scene.ada.delete(asked)
    fresh = LocalConversations(lambda: 0.0)
    await scene.env.restart_bot(client_over(library, fresh, tmp_path / "discord"))
    await scene.ada.send(scene.channel, "And against whom?", reply_to=answer)
    assert len(await fresh.turns(scene.guild.id, [Place("message", scene.last.id)])) == 2


async def test_the_channel_shows_that_the_bot_is_at_work(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    paths = [request.path for request in scene.env.http_requests]
    assert any(path.endswith("/typing") for path in paths)


async def test_an_answer_comes_though_typing_cannot_be_shown(scene: Scene) -> None:
    scene.env.inject_error("POST", "/channels/*/typing", status=403, code=50013, times=None)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert WORDS in all_text(scene.last)


async def test_an_answer_needs_no_right_to_embed_links(scene: Scene) -> None:
    quiet = scene.guild.create_text_channel(
        "quiet",
        overwrites={scene.guild.default_role: discord.PermissionOverwrite(embed_links=False)},
    )
    await scene.ada.send(quiet, f"{scene.mention} {QUESTION}")
    assert quiet.last_message is not None
    assert WORDS in all_text(quiet.last_message)


async def test_an_answer_comes_as_plain_text_where_all_components_are_refused(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.env.inject_error("POST", "/channels/*/messages", status=400, times=2)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert WORDS in scene.last.content
    assert not scene.last.components
    assert "plain text" in caplog.text


async def test_an_unforeseen_error_is_told_with_a_reference_that_is_logged(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.env.inject_error("POST", "/channels/*/messages", status=403, times=1)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert "something went wrong on my side" in scene.last.content
    reference = scene.last.content.split("`")[1]
    assert reference in caplog.text
    assert QUESTION not in caplog.text
    assert len(scene.env.errors) == 1


async def test_a_question_before_the_articles_are_open_gets_a_plain_sentence(
    scene: Scene, make_corpora: MakeCorpora, tmp_path: Path
) -> None:
    unopened = Library(make_corpora(SEEDS))
    client = client_over(unopened, LocalConversations(lambda: 0.0), tmp_path / "discord")
    await scene.env.restart_bot(client)
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert "not open yet" in scene.last.content
    shown = await scene.ada.slash(scene.channel, "sources")
    assert shown.response
    assert "not open yet" in shown.response.content
    assert scene.env.errors
    unopened.close()


async def test_a_bot_that_is_stopping_says_so(scene: Scene) -> None:
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    client.in_flight.close()
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert scene.last.content == "I am being restarted. Try again in a minute."


def test_no_privileged_intent_is_asked_for(simcord_bot: FootnoteClient) -> None:
    intents = simcord_bot.intents
    assert not intents.message_content
    assert not intents.members
    assert not intents.presences


async def test_it_works_without_the_message_content_intent(simcord_bot: FootnoteClient) -> None:
    async with simcord.run(simcord_bot, approved_intents=discord.Intents.default()) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        ada = guild.add_member(env.create_user("ada"))
        assert env.bot.user
        await ada.send(channel, f"{env.bot.user.mention} {QUESTION}")
        assert channel.last_message is not None
        assert WORDS in all_text(channel.last_message)
