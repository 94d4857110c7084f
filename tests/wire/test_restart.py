"""What people press on messages from before a restart, which a later process has never sent."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from bot.store import ServerSettings
from tests.loopback import Attachment, Channel, Guild, Member, Message
from tests.wire.bot_process import BotProcess
from tests.wire.scene import (
    MANAGE_GUILD,
    QUESTION,
    UNKNOWN,
    WORDS,
    Scene,
    chosen_in,
    labels,
    pings_nobody,
    quotes,
    scene_in,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWL = "What is the owl of the library called?"
SECTIONS = ("channels", "answers", "managers", "limits", "ignored")


@dataclass
class Said:
    """What the first process has shown, each kind of message with its buttons and menus."""

    by_mention: Message
    by_command: Message
    private: Message
    not_found: Message
    whispered: Message
    passages: Message
    to_delete: dict[str, Message]
    sources: Message
    collection: Message
    removal_question: Message
    removed: Message
    added: Message
    insights: Message
    forgetting: Message
    sparing: Message
    setup: dict[str, Message] = field(default_factory=dict)


@dataclass
class Restarted:
    """A scene whose bot is not the process that has said what is there to be pressed on."""

    scene: Scene
    bot: BotProcess
    said: Said
    elsewhere: Guild
    """Where the panels of /setup are, so that they change nothing for the others."""
    eve: Member


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def restarted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Restarted]:
    """Two processes one after the other, over the same data."""
    async with scene_in(tmp_path_factory.mktemp("restart")) as scene:
        elsewhere = scene.discord.add_guild("elsewhere")
        away = elsewhere.add_text_channel("away")
        elsewhere.add_member(scene.boss.user, permissions=MANAGE_GUILD)
        quiet = scene.discord.add_guild("quiet")
        aside = quiet.add_text_channel("aside")
        quiet.add_member(scene.ada.user)
        scene.choose(quiet, ServerSettings(style="private"))
        eve = scene.guild.add_member("eve")
        async with scene.bot() as first:
            said = await _say(scene, eve, away=away, aside=aside)
            assert await first.stop(signal.SIGTERM) == 0
            await scene.discord.wait_until_gone()
        async with scene.bot() as second:
            yield Restarted(scene, second, said, elsewhere, eve)


async def _say(scene: Scene, eve: Member, *, away: Channel, aside: Channel) -> Said:
    ada, boss = scene.ada, scene.boss
    by_mention = await scene.mention(ada, QUESTION)
    owl = scene.discord.upload("owl.txt", b"The owl of the library is called Minerva.")
    await scene.change(boss, "corpus add", "Added: 1", file=owl)
    asks_first = await scene.command(boss, "corpus remove", article="owl")
    removed = await scene.press(asks_first, "Remove", boss)
    rook = scene.discord.upload("rook.txt", b"The rook of the tower is called Huginn.")
    crow = scene.discord.upload("crow.txt", b"The crow of the harbour is called Ronja.")
    await scene.command(eve, "ask", question=UNKNOWN)
    said = Said(
        by_mention=by_mention,
        by_command=await scene.command(ada, "ask", question=QUESTION),
        private=await scene.command(ada, "ask", question=QUESTION, private=True),
        not_found=await scene.mention(ada, UNKNOWN),
        whispered=await scene.mention(ada, QUESTION, aside),
        passages=await scene.pressed(by_mention, "More passages", ada),
        to_delete={who: await scene.mention(ada, QUESTION) for who in ("ada", "moderator")},
        sources=await scene.command(ada, "sources"),
        collection=await scene.command(boss, "corpus list", collection="shared"),
        removed=await removed.wait_for_answer(30, lambda m: "Removed: 1" in m.text),
        added=await scene.change(boss, "corpus add", "Added: 1", file=crow),
        removal_question=await _question_of_removing(scene, rook),
        insights=await scene.command(boss, "insights"),
        forgetting=await scene.command(eve, "privacy forget-me"),
        sparing=await scene.command(ada, "privacy forget-me"),
    )
    for section in SECTIONS:
        panel = await scene.command(boss, "setup", away)
        said.setup[section] = await scene.chosen(panel, "section", boss, section)
    return said


async def _question_of_removing(scene: Scene, file: Attachment) -> Message:
    await scene.change(scene.boss, "corpus add", "Added: 1", file=file)
    return await scene.command(scene.boss, "corpus remove", article="rook")


# Answers


@pytest.mark.parametrize("asked", ["by_mention", "by_command", "private"])
async def test_context_shows_what_stands_around_a_quote(restarted: Restarted, asked: str) -> None:
    answer: Message = getattr(restarted.said, asked)
    around = await restarted.scene.pressed(answer, "Context", restarted.scene.ada)
    assert around.ephemeral
    assert WORDS in around.text


async def test_more_passages_are_shown_and_their_pages_turned(restarted: Restarted) -> None:
    scene, ben = restarted.scene, restarted.scene.ben
    page = await scene.pressed(restarted.said.by_mention, "More passages", ben)
    assert page.ephemeral
    assert "Page 1 of" in page.text
    await scene.pressed(page, "Next ▶", ben)
    assert "Page 2 of" in page.text
    await scene.pressed(page, "◀ Previous", ben)
    assert "Page 1 of" in page.text


async def test_a_list_of_passages_is_turned_to_the_page_that_is_written(
    restarted: Restarted,
) -> None:
    scene, page = restarted.scene, restarted.said.passages
    await scene.filled(page, "Go to page…", scene.ada, "3")
    assert "Page 3 of" in page.text
    await scene.pressed(page, "Next ▶", scene.ada)
    assert "Page 4 of" in page.text
    assert QUESTION in page.text


async def test_a_follow_up_is_understood_with_what_was_asked_before(restarted: Restarted) -> None:
    scene = restarted.scene
    answer = await scene.filled(
        restarted.said.by_command, "Follow up", scene.ben, "And against whom?"
    )
    assert "Understood with your earlier question" in answer.text
    assert QUESTION in answer.text
    assert not answer.ephemeral


async def test_a_follow_up_to_a_private_answer_stays_private(restarted: Restarted) -> None:
    scene = restarted.scene
    answer = await scene.filled(restarted.said.private, "Follow up", scene.ada, "Against whom?")
    assert answer.ephemeral
    assert "Understood with your earlier question" in answer.text


async def test_a_reply_to_an_old_answer_goes_on_from_it(restarted: Restarted) -> None:
    scene = restarted.scene
    asked = await scene.discord.post_message(
        scene.channel, scene.ben, "And against whom?", reference=restarted.said.by_mention
    )
    assert "Understood with your earlier question" in (await scene.reply_to(asked)).text


async def test_a_vote_is_kept_with_its_reason(restarted: Restarted) -> None:
    scene = restarted.scene
    votes = "SELECT verdict, reason FROM votes WHERE person = ?"
    thanks = await scene.pressed(restarted.said.by_command, "👍", scene.ben)
    assert "Thank you" in thanks.text
    assert scene.kept(votes, scene.ben.id) == [(1, None)]
    thanks = await scene.filled(restarted.said.by_command, "👎", scene.ben, "It is another year.")
    assert "Nobody is told that it was you" in thanks.text
    assert scene.kept(votes, scene.ben.id) == [(-1, "It is another year.")]
    assert "Done" in (await scene.pressed(thanks, "Tell the admins", scene.ben)).text


async def test_the_admins_are_told_of_what_was_not_found(restarted: Restarted) -> None:
    scene = restarted.scene
    told = await scene.pressed(restarted.said.not_found, "Tell the admins", scene.ben)
    assert "the question is marked on the list" in told.text
    again = await scene.pressed(restarted.said.not_found, "Tell the admins", scene.ada)
    assert "told of it already" in again.text


async def test_a_private_answer_is_shared_with_its_buttons(restarted: Restarted) -> None:
    scene, private = restarted.scene, restarted.said.private
    await scene.press(private, "Share", scene.ada)
    shared = await scene.discord.wait_for_message(
        scene.channel, lambda message: f"Shared by {scene.ada.mention}" in message.text
    )
    assert quotes(shared, WORDS)
    assert pings_nobody(shared)
    assert {"Context", "Follow up", "Delete"} <= set(labels(shared))
    await scene.discord.wait_until(lambda: "Share" not in labels(private))
    assert WORDS in (await scene.pressed(shared, "Context", scene.ben)).text


async def test_the_asker_is_shown_an_answer_that_only_they_see(restarted: Restarted) -> None:
    scene, note = restarted.scene, restarted.said.whispered
    assert note.channel.guild
    answer = await scene.pressed(
        note, "Show me the answer", note.channel.guild.members[scene.ada.id]
    )
    assert answer.ephemeral
    assert quotes(answer, WORDS)


async def test_an_answer_is_deleted_by_its_asker_and_not_by_a_stranger(
    restarted: Restarted,
) -> None:
    scene, answer = restarted.scene, restarted.said.to_delete["ada"]
    refused = await scene.pressed(answer, "Delete", scene.ben)
    assert refused.ephemeral
    assert "can delete an answer" in refused.text
    assert not answer.deleted
    await scene.press(answer, "Delete", scene.ada)
    await scene.discord.wait_until(lambda: answer.deleted)


async def test_an_answer_is_deleted_by_a_moderator(restarted: Restarted) -> None:
    scene, answer = restarted.scene, restarted.said.to_delete["moderator"]
    await scene.press(answer, "Delete", scene.moderator)
    await scene.discord.wait_until(lambda: answer.deleted)


# Articles


async def test_the_pages_of_the_articles_are_turned(restarted: Restarted) -> None:
    scene, shown = restarted.scene, restarted.said.sources
    await scene.pressed(shown, "Next ▶", scene.ben)
    assert "Page 2 of 2" in shown.text
    await scene.pressed(shown, "◀ Previous", scene.ben)
    assert "Page 1 of 2" in shown.text


async def test_the_pages_of_a_collection_are_turned(restarted: Restarted) -> None:
    scene, shown = restarted.scene, restarted.said.collection
    await scene.pressed(shown, "Next ▶", scene.boss)
    assert "Page 2 of 2" in shown.text


async def test_a_removal_is_undone(restarted: Restarted) -> None:
    scene, removed = restarted.scene, restarted.said.removed
    assert not quotes(await scene.mention(scene.ada, OWL), "Minerva")
    undo = await scene.press(removed, "Undo", scene.boss)
    await undo.wait_for_answer(30, lambda message: "Added: 1" in message.text)
    assert quotes(await scene.mention(scene.ada, OWL), "Minerva")


async def test_an_addition_is_undone(restarted: Restarted) -> None:
    scene = restarted.scene
    question = "What is the crow of the harbour called?"
    assert quotes(await scene.mention(scene.ada, question), "Ronja")
    undo = await scene.press(restarted.said.added, "Undo", scene.boss)
    await undo.wait_for_answer(30, lambda message: "Removed: 1" in message.text)
    assert not quotes(await scene.mention(scene.ada, question), "Ronja")


async def test_a_removal_that_was_asked_about_is_carried_out(restarted: Restarted) -> None:
    scene = restarted.scene
    remove = await scene.press(restarted.said.removal_question, "Remove", scene.boss)
    report = await remove.wait_for_answer(30, lambda message: "Removed: 1" in message.text)
    assert "Undo" in labels(report)


# Managing


async def test_a_panel_shows_another_section(restarted: Restarted) -> None:
    panel = restarted.said.setup["channels"]
    await restarted.scene.chosen(panel, "section", restarted.scene.boss, "permissions")
    assert "My permissions" in panel.text


async def test_what_is_chosen_in_panels_is_kept_and_shown(restarted: Restarted) -> None:
    scene, setup, boss = restarted.scene, restarted.said.setup, restarted.scene.boss
    there = restarted.elsewhere
    channel, forum, role = (
        there.add_text_channel("help"),
        there.add_forum(),
        there.add_role("staff"),
    )
    for section, menu, value in (
        ("answers", "style", "thread"),
        ("answers", "language", "de"),
        ("managers", "manager_roles", role),
        ("ignored", "ignored_roles", role),
        ("ignored", "ignored_channels", channel),
        ("ignored", "ignored_members", there.members[boss.id]),
    ):
        await scene.chosen(setup[section], menu, boss, value)
        assert chosen_in(setup[section], menu) == {value if isinstance(value, str) else value.id}
    channels = await scene.command(boss, "setup", setup["limits"].channel)
    await scene.chosen(channels, "auto_channels", boss, channel)
    await scene.chosen(channels, "auto_forums", boss, forum)
    await scene.pressed(setup["answers"], "Turn on", boss)
    await scene.filled(
        setup["limits"], "Change", boss, per_member="7", per_channel="70", per_server="0"
    )
    assert "In one channel: 70" in setup["limits"].text
    ((stored,),) = scene.kept("SELECT settings FROM servers WHERE server = ?", there.id)
    assert json.loads(stored) == {
        "style": "thread",
        "language": "de",
        "manager_roles": [role.id],
        "ignored_roles": [role.id],
        "ignored_channels": [channel.id],
        "ignored_members": [boss.id],
        "auto_channels": [channel.id],
        "auto_forums": [forum.id],
        "answers_again": True,
        "per_member": 7,
        "per_channel": 70,
        "per_server": 0,
    }


async def test_insights_show_another_period_and_what_is_done_leaves_them(
    restarted: Restarted,
) -> None:
    scene, shown, boss = restarted.scene, restarted.said.insights, restarted.scene.boss
    assert UNKNOWN in shown.text
    await scene.chosen(shown, "period", boss, "7")
    assert "The last 7 days" in shown.text
    assert chosen_in(shown, "period") == {"7"}
    done = await scene.press(shown, "Done", boss)
    await done.wait_for_answer(10, lambda message: "2 questions are done" in message.text)
    assert UNKNOWN not in shown.text


async def test_who_wants_to_be_forgotten_is_and_nobody_else(restarted: Restarted) -> None:
    scene, eve = restarted.scene, restarted.eve
    questions = "SELECT count(*) FROM asked WHERE person = ?"
    assert scene.kept(questions, eve.id) == [(1,)]
    gone = await scene.pressed(restarted.said.forgetting, "Delete", eve)
    assert "Deleted: 1" in gone.text
    assert scene.kept(questions, eve.id) == [(0,)]
    spared = await scene.pressed(restarted.said.sparing, "Keep", scene.ada)
    assert "Nothing was deleted" in spared.text
    assert scene.kept(questions, scene.ada.id) > [(0,)]


# Killed


async def test_a_process_that_was_killed_leaves_buttons_that_work(restarted: Restarted) -> None:
    scene, ada, ben = restarted.scene, restarted.scene.ada, restarted.scene.ben
    answer = await scene.mention(ada, QUESTION)
    unanswered = await scene.mention(ada, "Who has invented the astrolabe of Prague?")
    assert await restarted.bot.stop(signal.SIGKILL) == -signal.SIGKILL
    await scene.discord.wait_until_gone()
    async with scene.bot():
        assert WORDS in (await scene.pressed(answer, "Context", ben)).text
        assert "Page 1 of" in (await scene.pressed(answer, "More passages", ben)).text
        followed = await scene.filled(answer, "Follow up", ben, "And against whom?")
        assert QUESTION in followed.text
        assert "Thank you" in (await scene.pressed(answer, "👍", ada)).text
        told = await scene.pressed(unanswered, "Tell the admins", ben)
        assert "the question is marked on the list" in told.text
        await scene.press(answer, "Delete", ada)
        await scene.discord.wait_until(lambda: answer.deleted)
