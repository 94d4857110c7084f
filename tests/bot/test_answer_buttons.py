"""The buttons of an answer: each works for as long as the message exists, after a restart too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.client import FootnoteClient
from bot.conversations import Conversations, LocalConversations, Place
from bot.library import Library
from bot.rendering.layout import question_of
from bot.store import Asked, ServerSettings, Store
from tests.bot.conftest import Scene, Servers, all_text, client_over, text_of
from tests.loopback.limits import check_message
from tests.loopback.model import COMPONENTS_V2, walk

QUESTION = "When was Haftar's offensive called Operation Dignity?"
WORDS = "dubbed Operation Dignity"
UNANSWERED = "Who won the 2014 World Cup?"


def labels(message: discord.Message | simcord.ResponseMessage) -> list[str]:
    """What stands on the buttons of a message, which Discord would take."""
    if isinstance(message, simcord.ResponseMessage):
        message = message.message
    payload: list[dict[str, Any]] = [dict(part.to_dict()) for part in message.components]
    if message.flags.components_v2:
        check_message({"flags": COMPONENTS_V2, "components": payload})
    else:
        check_message({"content": message.content, "components": payload})
    return [part["label"] for part in walk(payload) if part["type"] == 2]


def store_of(scene: Scene) -> Store:
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    return client.services.store


def kept(scene: Scene) -> list[Asked]:
    """The questions of the server that were not answered."""
    return store_of(scene).open_questions(scene.guild.id)


async def asked(scene: Scene, question: str = QUESTION) -> discord.Message:
    await scene.ada.send(scene.channel, f"{scene.mention} {question}")
    return scene.last


async def restart(scene: Scene, library: Library, tmp_path: Path) -> Conversations:
    fresh = LocalConversations(lambda: 0.0)
    await scene.env.restart_bot(client_over(library, fresh, tmp_path / "discord"))
    return fresh


async def press(
    actor: simcord.MemberActor, message: discord.Message | simcord.ResponseMessage, label: str
) -> simcord.InteractionResult:
    """Press the first button of that label."""
    found = message.message if isinstance(message, simcord.ResponseMessage) else message
    payload: list[dict[str, Any]] = [dict(part.to_dict()) for part in found.components]
    custom_id = next(p["custom_id"] for p in walk(payload) if p.get("label") == label)
    return await actor.click(message, custom_id=custom_id)


def said(result: simcord.InteractionResult) -> str:
    """Everything that was answered, in follow-ups too."""
    found = [all_text(message) for message in result.followups]
    return "\n".join([*([text_of(result)] if result.response else []), *found])


async def test_an_answer_has_its_buttons(scene: Scene) -> None:
    answer = await asked(scene)
    shown = labels(answer)
    assert shown.count("Context") >= 1
    assert shown[-5:] == ["More passages", "Follow up", "👍", "👎", "Delete"]


async def test_what_is_not_answered_can_be_told_to_the_admins_and_not_voted_on(
    scene: Scene,
) -> None:
    answer = await asked(scene, UNANSWERED)
    assert {"Tell the admins", "Follow up"} <= set(labels(answer))
    assert not {"👍", "👎", "Share"} & set(labels(answer))
    assert "on this server’s list" in all_text(answer)
    (row,) = kept(scene)
    assert (row.question, row.person, row.message) == (UNANSWERED, scene.ada.id, answer.id)
    told = await press(scene.boss, answer, "Tell the admins")
    assert told.ephemeral
    assert "marked on the list" in said(told)
    again = await press(scene.ada, answer, "Tell the admins")
    assert "told of it already" in said(again)
    assert kept(scene)[0].told


async def test_context_shows_what_stands_around_a_quote_to_one_person(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    answer = await asked(scene)
    await restart(scene, library, tmp_path)
    shown = await press(scene.boss, answer, "Context")
    assert shown.ephemeral
    assert WORDS in said(shown)
    assert "paragraphs" in said(shown)


async def test_context_of_an_article_that_was_changed_or_removed_says_so(servers: Servers) -> None:
    text = "The zeppelin Aurora landed in Oslo on a rainy Tuesday."
    await servers.add("aurora.txt", text)
    answer = await asked(servers.scene, "Where did the zeppelin Aurora land?")
    await servers.add("aurora.txt", text.replace("Tuesday", "Wednesday"))
    changed = await press(servers.ada, answer, "Context")
    assert "was changed after I quoted it" in said(changed)
    await servers.library.remove("aurora", servers.scene.guild.id)
    removed = await press(servers.ada, answer, "Context")
    assert "no longer here" in said(removed)
    assert servers.env.errors is not None


async def test_more_passages_have_pages_that_survive_a_restart(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    answer = await asked(scene)
    shown = await press(scene.boss, answer, "More passages")
    assert shown.ephemeral
    assert "Page 1 of" in said(shown)
    await restart(scene, library, tmp_path)
    assert shown.response
    await press(scene.boss, shown.response, "Next ▶")
    assert "Page 2 of" in said(shown)
    form = await press(scene.boss, shown.response, "Go to page…")
    await scene.boss.submit_modal(form, {"text": "1"})
    assert "Page 1 of" in said(shown)
    form = await press(scene.boss, shown.response, "Go to page…")
    refused = await scene.boss.submit_modal(form, {"text": "one"})
    assert "no number of a page" in said(refused)
    assert question_of(shown.response.message) == QUESTION


async def test_a_follow_up_is_understood_in_the_light_of_the_answer(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    answer = await asked(scene)
    fresh = await restart(scene, library, tmp_path)
    form = await press(scene.boss, answer, "Follow up")
    result = await scene.boss.submit_modal(form, {"text": "And against whom?"})
    assert not result.ephemeral
    assert f"earlier question: “**{QUESTION}**”" in said(result)
    assert result.response
    turns = await fresh.turns(scene.guild.id, [Place("message", result.response.id)])
    assert [turn.question for turn in turns] == [QUESTION, "And against whom?"]


async def test_one_person_has_one_vote_and_the_latest_counts(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    answer = await asked(scene)
    await restart(scene, library, tmp_path)
    thanked = await press(scene.ada, answer, "👍")
    assert thanked.ephemeral
    assert "Thank you" in said(thanked)
    await press(scene.boss, answer, "👍")
    form = await press(scene.ada, answer, "👎")
    insights = store_of(scene).insights(scene.guild.id)
    assert (insights.helpful, insights.unhelpful) == (1, 1)
    thanked = await scene.ada.submit_modal(form, {"text": "It is the wrong year."})
    assert thanked.ephemeral
    insights = store_of(scene).insights(scene.guild.id)
    assert (insights.helpful, insights.unhelpful) == (1, 1)
    assert [reason.text for reason in insights.reasons] == ["It is the wrong year."]
    assert thanked.response
    told = await press(scene.ada, thanked.response, "Tell the admins")
    assert "marked on the list" in said(told)
    assert kept(scene)[0].told


async def test_a_vote_on_what_is_forgotten_says_so(scene: Scene) -> None:
    answer = await asked(scene)
    store_of(scene).forget_person(scene.ada.id)
    assert "no longer kept" in said(await press(scene.boss, answer, "👍"))


async def test_an_answer_is_deleted_by_its_asker_and_by_moderators_alone(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    answer = await asked(scene)
    await restart(scene, library, tmp_path)
    refused = await press(scene.boss, answer, "Delete")
    assert refused.ephemeral
    assert "can delete an answer" in said(refused)
    await press(scene.ada, answer, "Delete")
    assert answer.id not in {message.id for message in scene.channel.history()}
    role = scene.guild.create_role("Mods", permissions=discord.Permissions(manage_messages=True))
    mod = scene.guild.add_member(scene.env.create_user("mod"), roles=[role])
    answer = await asked(scene)
    await press(mod, answer, "Delete")
    assert answer.id not in {message.id for message in scene.channel.history()}


async def test_a_private_answer_is_shared_word_for_word_by_its_asker(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=True)
    assert result.ephemeral
    assert result.response
    assert "Share" in labels(result.response)
    assert "Delete" not in labels(result.response)
    private = text_of(result)
    fresh = await restart(scene, library, tmp_path)
    await press(scene.ada, result.response, "Share")
    shared = scene.last
    assert not shared.flags.ephemeral
    sent = [r.json for r in scene.env.http_requests if "Shared by" in str(r.json)]
    assert [body["allowed_mentions"]["parse"] for body in sent if body] == [[]]
    note, _, rest = all_text(shared).partition("\n")
    assert note == f"-# Shared by {scene.ada.mention}"
    assert rest == private
    assert {"Context", "Delete", "👍", "More passages"} <= set(labels(shared))
    assert "Share" not in labels(shared)
    assert "Share" not in labels(result.response)
    assert await fresh.turns(scene.guild.id, [Place("message", shared.id)])
    # The shared one's buttons work.
    assert WORDS in said(await press(scene.boss, shared, "Context"))


async def test_a_private_question_is_not_told_by_what_is_asked_in_public(
    scene: Scene, conversations: Conversations
) -> None:
    await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=True)
    result = await scene.ada.slash(scene.channel, "ask", question="And against whom?")
    assert QUESTION not in text_of(result)


async def test_a_private_follow_up_stays_private(scene: Scene) -> None:
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=True)
    assert result.response
    form = await press(scene.ada, result.response, "Follow up")
    again = await scene.ada.submit_modal(form, {"text": "And against whom?"})
    assert again.ephemeral
    assert f"earlier question: “**{QUESTION}**”" in said(again)


async def test_an_answer_comes_though_nothing_can_be_kept(
    scene: Scene, library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    broken = Store(
        tmp_path / "file",
        keep_text=True,
        retention=timedelta(days=1),
        clock=lambda: datetime.now(UTC),
    )
    client = client_over(
        library, LocalConversations(lambda: 0.0), tmp_path / "discord", store=broken
    )
    await scene.env.restart_bot(client)
    answer = await asked(scene)
    assert WORDS in all_text(answer)
    assert "👍" not in labels(answer)
    assert "not kept" in caplog.text
    assert QUESTION not in caplog.text


async def test_who_is_ignored_sees_no_more_passages(scene: Scene) -> None:
    answer = await asked(scene)
    settings = ServerSettings(ignored_members=frozenset({scene.boss.id}))
    await asyncio.to_thread(store_of(scene).save_settings, scene.guild.id, settings)
    refused = await press(scene.boss, answer, "More passages")
    assert "I do not answer here." in said(refused)


async def test_what_asks_the_articles_again_counts_as_a_question_and_nothing_else_does(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    # So long as the clock stands still, nothing is refilled.
    client = client_over(
        library, LocalConversations(lambda: 0.0), tmp_path / "discord", clock=lambda: 0.0
    )
    await scene.env.restart_bot(client)
    settings = ServerSettings(per_member=4)
    await asyncio.to_thread(store_of(scene).save_settings, scene.guild.id, settings)
    answer = await asked(scene)
    shown = await press(scene.boss, answer, "More passages")
    assert "Page 1 of" in said(shown)
    assert shown.response
    await press(scene.boss, shown.response, "Next ▶")
    form = await press(scene.boss, shown.response, "Go to page…")
    await scene.boss.submit_modal(form, {"text": "1"})
    assert WORDS in said(await press(scene.boss, answer, "Context"))
    for message, label in (
        (answer, "Context"),
        (answer, "More passages"),
        (shown.response, "Next ▶"),
    ):
        refused = await press(scene.boss, message, label)
        assert refused.ephemeral
        assert "Ask again in 15 seconds." in said(refused)
    form = await press(scene.boss, shown.response, "Go to page…")
    refused = await scene.boss.submit_modal(form, {"text": "2"})
    assert "Ask again in 15 seconds." in said(refused)
    assert "Page 1 of" in said(shown)
    assert "Thank you" in said(await press(scene.boss, answer, "👍"))


async def test_sharing_an_answer_is_no_second_question(scene: Scene) -> None:
    settings = ServerSettings(per_member=1)
    await asyncio.to_thread(store_of(scene).save_settings, scene.guild.id, settings)
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=True)
    assert result.response
    await press(scene.ada, result.response, "Share")
    assert "Shared by" in all_text(scene.last)


# Where a message of components is refused


async def asked_without_components(scene: Scene, question: str = QUESTION) -> discord.Message:
    scene.env.inject_error("POST", "/channels/*/messages", status=400, times=1)
    answer = await asked(scene, question)
    assert not answer.flags.components_v2
    return answer


async def test_an_answer_of_plain_text_has_the_same_buttons_with_numbers_for_its_quotes(
    scene: Scene,
) -> None:
    answer = await asked_without_components(scene)
    assert WORDS in answer.content
    shown = labels(answer)
    assert shown[-5:] == ["More passages", "Follow up", "👍", "👎", "Delete"]
    quotes = len(shown) - 5
    assert quotes
    assert shown[:quotes] == [f"Context {number}" for number in range(1, quotes + 1)]
    unanswered = await asked_without_components(scene, UNANSWERED)
    assert {"Context 1", "Tell the admins", "Follow up"} <= set(labels(unanswered))


async def test_the_buttons_of_plain_text_do_what_they_do_elsewhere(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    answer = await asked_without_components(scene)
    fresh = await restart(scene, library, tmp_path)
    assert WORDS in said(await press(scene.boss, answer, "Context 1"))
    shown = await press(scene.boss, answer, "More passages")
    assert shown.response
    assert "Page 1 of" in said(shown)
    assert question_of(shown.response.message) == QUESTION
    assert "Thank you" in said(await press(scene.boss, answer, "👍"))
    form = await press(scene.boss, answer, "Follow up")
    result = await scene.boss.submit_modal(form, {"text": "And against whom?"})
    assert f"earlier question: “**{QUESTION}**”" in said(result)
    assert result.response
    first, _ = await fresh.turns(scene.guild.id, [Place("message", result.response.id)])
    assert WORDS in first.quoted
    await press(scene.ada, answer, "Delete")
    assert answer.id not in {message.id for message in scene.channel.history()}


async def test_a_reply_to_plain_text_goes_on_from_it_after_a_restart(
    scene: Scene, library: Library, tmp_path: Path
) -> None:
    answer = await asked_without_components(scene)
    await restart(scene, library, tmp_path)
    await scene.ada.send(scene.channel, f"{scene.mention} And against whom?", reply_to=answer)
    assert f"earlier question: “**{QUESTION}**”" in all_text(scene.last)


async def test_a_private_answer_of_plain_text_cannot_be_shared(scene: Scene) -> None:
    scene.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=400, times=1)
    result = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=True)
    assert result.response
    assert result.ephemeral
    assert WORDS in result.response.content
    assert "Follow up" in labels(result.response)
    assert not {"Share", "Delete"} & set(labels(result.response))
