"""What those who manage a server do, and what anybody does with what is kept about them."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from tests.loopback.model import walk
from tests.wire.scene import (
    MANAGE_GUILD,
    QUESTION,
    UNKNOWN,
    WORDS,
    Scene,
    chosen_in,
    pings_nobody,
    quotes,
    scene_in,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with scene_in(tmp_path_factory.mktemp("managing")) as made, made.bot():
        yield made


# /setup


async def test_the_panel_is_for_those_who_manage_the_server(scene: Scene) -> None:
    panel = await scene.command(scene.boss, "setup")
    assert panel.ephemeral
    assert "How I answer in this server" in panel.text
    refused = await scene.command(scene.ada, "setup")
    assert refused.ephemeral
    assert "Only members who may manage this server" in refused.text


async def test_every_section_of_the_panel_is_shown(scene: Scene) -> None:
    panel = await scene.command(scene.boss, "setup")
    seen = {panel.text}
    for section in ("answers", "managers", "limits", "ignored", "permissions"):
        await scene.chosen(panel, "section", scene.boss, section)
        assert chosen_in(panel, "section") == {section}
        seen.add(panel.text)
    assert len(seen) == 6


async def test_a_channel_that_is_chosen_is_answered_in_at_once(scene: Scene) -> None:
    channel = scene.guild.add_text_channel("help")
    unheard = await scene.write(scene.ada, QUESTION, channel)
    panel = await scene.command(scene.boss, "setup")
    await scene.chosen(panel, "auto_channels", scene.boss, channel)
    assert chosen_in(panel, "auto_channels") == {channel.id}
    answer = await scene.reply_to(await scene.write(scene.ada, QUESTION, channel))
    assert quotes(answer, WORDS)
    assert all(each.reference is not unheard for each in channel.messages.values())
    assert chosen_in(await scene.command(scene.boss, "setup"), "auto_channels") == {channel.id}


async def test_answers_are_given_in_the_style_that_is_chosen(scene: Scene) -> None:
    elsewhere = scene.discord.add_guild("elsewhere")
    channel = elsewhere.add_text_channel()
    boss = elsewhere.add_member(scene.boss.user, permissions=MANAGE_GUILD)
    assert quotes(await scene.mention(boss, QUESTION, channel), WORDS)
    panel = await scene.command(boss, "setup", channel)
    await scene.chosen(panel, "section", boss, "answers")
    await scene.chosen(panel, "style", boss, "thread")
    asked = await scene.write(boss, f"{scene.discord.bot.mention} {QUESTION}", channel)
    await scene.discord.wait_until(lambda: asked.thread is not None, 10, "a thread")
    assert asked.thread
    assert quotes(await scene.discord.wait_for_message(asked.thread), WORDS)


async def test_limits_are_kept_and_refused_where_they_are_no_numbers(scene: Scene) -> None:
    panel = await scene.command(scene.boss, "setup")
    await scene.chosen(panel, "section", scene.boss, "limits")
    form = {"per_member": "500", "per_channel": "700", "per_server": "many"}
    refused = await scene.filled(panel, "Change", scene.boss, **form)
    assert "“many” is no number of questions" in refused.text
    assert "In one channel: 700" not in panel.text
    await scene.filled(panel, "Change", scene.boss, **form | {"per_server": "900"})
    for line in ("one member: 500", "one channel: 700", "whole server: 900"):
        assert line in panel.text


# /insights


async def test_insights_come_with_a_picture_and_a_table(scene: Scene) -> None:
    await scene.mention(scene.ada, QUESTION)
    await scene.mention(scene.ada, "Who has invented the astrolabe of Prague?")
    shown = await scene.command(scene.boss, "insights")
    assert shown.ephemeral
    assert "% answered" in shown.text
    assert "astrolabe of Prague" in shown.text
    (picture,) = shown.attachments
    with Image.open(io.BytesIO(picture.content)) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width > image.height > 100
    galleries = [each for each in walk(shown.components) if each.get("items")]
    assert [each["media"]["url"] for each in galleries[0]["items"]] == [picture.url]
    await scene.chosen(shown, "period", scene.boss, "7")
    (again,) = shown.attachments
    assert again is not picture
    assert again.content.startswith(b"\x89PNG")

    table = await scene.pressed(shown, "Export as CSV", scene.boss)
    assert table.ephemeral
    (file,) = table.attachments
    assert file.filename.endswith(".csv")
    text = file.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {QUESTION, "Who has invented the astrolabe of Prague?"} <= {
        value for row in rows for value in row.values()
    }
    assert str(scene.ada.id) not in text


async def test_what_is_done_is_answered_again_where_it_was_asked(scene: Scene) -> None:
    panel = await scene.command(scene.boss, "setup")
    await scene.chosen(panel, "section", scene.boss, "answers")
    switch = next(each for each in panel.buttons if ":again:on" in each["custom_id"])
    await (await scene.discord.click(panel, switch["custom_id"], scene.boss)).wait_for_answer()
    channel = scene.guild.add_text_channel("hangar")
    unanswered = await scene.mention(scene.ada, UNKNOWN, channel)
    assert "The articles do not answer that" in unanswered.text
    file = scene.discord.upload("aurora.txt", b"The zeppelin Aurora landed in Oslo on a Tuesday.")
    await scene.change(scene.boss, "corpus add", "Added: 1", file=file)
    shown = await scene.command(scene.boss, "insights")
    done = _done_beside(shown.components, UNKNOWN)
    pressed = await scene.discord.click(shown, done, scene.boss)
    again = await scene.discord.wait_for_message(
        channel, lambda message: message.reference is unanswered
    )
    assert quotes(again, "landed in Oslo")
    assert pings_nobody(again)
    await pressed.wait_for_answer(10, lambda message: "again where" in message.text)
    later = await scene.command(scene.boss, "insights")
    assert UNKNOWN not in later.text


def _done_beside(components: list[dict[str, object]], question: str) -> str:
    """The custom id of the button beside a question that lacks an answer."""
    for part in walk(components):
        accessory = part.get("accessory")
        if accessory and any(question in text["content"] for text in part["components"]):
            return str(accessory["custom_id"])
    raise AssertionError(f"{question!r} is not on the list")


# /privacy


async def test_who_is_forgotten_leaves_nothing_in_the_database(scene: Scene) -> None:
    eve = scene.guild.add_member("eve")
    answer = await scene.mention(eve, "When was Operation Dignity's offensive on May 16 dubbed?")
    await scene.pressed(answer, "👍", eve)
    other = await scene.mention(scene.ada, QUESTION)
    await scene.pressed(other, "👍", eve)
    shown = await scene.command(eve, "privacy show")
    assert "• 1 question " in shown.text
    assert "• 2 votes" in shown.text
    assert _rows_of(scene, eve.id) == (1, 2)
    of_ada = _rows_of(scene, scene.ada.id)

    asks_first = await scene.command(eve, "privacy forget-me")
    assert asks_first.ephemeral
    assert _rows_of(scene, eve.id) == (1, 2)
    gone = await scene.pressed(asks_first, "Delete", eve)
    assert "Deleted: 3 questions and votes" in gone.text
    assert _rows_of(scene, eve.id) == (0, 0)
    assert _rows_of(scene, scene.ada.id) == of_ada
    for file in scene.data.glob("people.db*"):
        assert b"offensive on May 16 dubbed" not in file.read_bytes()
    assert "Nothing: no question and no vote" in (await scene.command(eve, "privacy show")).text


def _rows_of(scene: Scene, person: int) -> tuple[int, int]:
    """How many questions and votes of a person are in the database."""
    ((questions,),) = scene.kept("SELECT count(*) FROM asked WHERE person = ?", person)
    ((votes,),) = scene.kept("SELECT count(*) FROM votes WHERE person = ?", person)
    return questions, votes
