"""``/insights``: what those who manage a server learn of what is asked there."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import simcord

from bot.insights import Group
from bot.insights.findings import Findings
from bot.rendering.sanitize import units
from bot.store import Asked, Day, Insights, Reason, ServerSettings, Store
from bot.views.insights import PERIODS, insights_panel
from retrieval.corpus import Upload
from tests.bot.components import part_of, words_in, words_of
from tests.bot.conftest import Scene, Servers, all_text
from tests.bot.layout.sending import assert_discord_takes, components_of, texts
from tests.loopback.limits import check_message
from tests.loopback.model import COMPONENTS_V2

ZEPPELIN = "When did the zeppelin Aurora land in Oslo?"
BAKER = "What does the baker of Tromso sell?"
BREAD = b"The baker of Tromso sells rye bread with caraway seeds."


def store_of(scene: Scene) -> Store:
    store: Store = scene.env.bot.services.store  # type: ignore[attr-defined]
    return store


def ask(
    scene: Scene, question: str | None, *, answered: bool = False, message: int | None = None
) -> int:
    return store_of(scene).record(
        server=scene.guild.id,
        channel=scene.channel.id,
        message=message,
        person=scene.ada.id,
        question=question,
        answered=answered,
        confidence=0.1,
        articles=["benghazi"] if answered else [],
    )


async def opened(scene: Scene) -> simcord.InteractionResult:
    return await scene.boss.slash(scene.channel, "insights")


async def press(
    scene: Scene, shown: simcord.InteractionResult, custom_id: str
) -> simcord.InteractionResult:
    assert shown.response
    return await scene.boss.click(shown.response, custom_id=f"footnote:insights:{custom_id}")


def said_beside(pressed: simcord.InteractionResult) -> str:
    return "\n".join(all_text(message) for message in pressed.followups)


async def test_insights_are_for_those_who_manage_the_server(scene: Scene) -> None:
    assert "insights" not in scene.ada.available_commands(scene.channel)
    shown = await opened(scene)
    assert shown.ephemeral
    assert "Nothing was asked" in words_of(shown)


async def test_figures_say_how_much_was_asked_and_answered_and_liked(scene: Scene) -> None:
    for _ in range(3):
        good = ask(scene, "What happened?", answered=True)
    ask(scene, ZEPPELIN)
    store_of(scene).vote(scene.guild.id, good, 1, 1)
    store_of(scene).vote(scene.guild.id, good, 2, -1, "Too *long*")
    words = words_of(await opened(scene))
    assert "4 questions · 75 % answered · 👍 1 👎 1" in words
    assert "👎 Too \\*long\\* (1)" in words
    assert "benghazi · 3" in words
    assert str(scene.ada.id) not in words


async def test_questions_of_one_meaning_are_one_with_the_places_of_each(scene: Scene) -> None:
    ask(scene, "What are the library's opening hours?", message=11)
    ask(scene, "When does the library open?", message=12)
    ask(scene, ZEPPELIN)
    words = words_of(await opened(scene))
    assert "asked 2 times" in words
    place = f"https://discord.com/channels/{scene.guild.id}/{scene.channel.id}"
    assert f"[1]({place}/12) [2]({place}/11)" in words
    assert f"[1]({place})" in words


async def test_a_chart_stands_in_the_message(scene: Scene) -> None:
    ask(scene, ZEPPELIN)
    shown = await opened(scene)
    assert shown.response
    assert [file.filename for file in shown.response.attachments] == ["insights.png"]
    await scene.boss.select(shown.response, ["7"], custom_id="footnote:insights:period")
    assert [file.filename for file in shown.response.attachments] == ["insights.png"]
    assert "The last 7 days" in words_of(shown)


async def test_pages_are_turned_and_done_keeps_the_page(scene: Scene) -> None:
    topics = ("the mayor of Oslo", "whales", "bread", "chess", "volcanoes", "taxes", "jazz")
    for topic in topics:
        ask(scene, f"What is known about {topic}?")
    shown = await opened(scene)
    assert "page 1 of 2" in words_of(shown)
    await press(scene, shown, "next:30:1")
    words = words_of(shown)
    assert "page 2 of 2" in words
    assert "whales" in words
    assert "jazz" not in words
    await press(scene, shown, "previous:30:0")
    assert "jazz" in words_of(shown)


async def test_what_is_done_leaves_the_list(scene: Scene) -> None:
    asked = [ask(scene, ZEPPELIN), ask(scene, ZEPPELIN.lower())]
    other = ask(scene, "Who bakes the bread?")
    shown = await opened(scene)
    button = next(
        custom_id
        for each in asked
        for custom_id in [f"footnote:insights:done:30:0:{each}"]
        if custom_id in str(shown.response and shown.response.components)
    )
    await press(scene, shown, button.removeprefix("footnote:insights:"))
    assert "2 questions are done" in words_of(shown)
    assert [each.id for each in store_of(scene).open_questions(scene.guild.id)] == [other]
    assert "zeppelin" not in words_of(shown).casefold()


async def test_what_is_done_already_is_said_to_be(scene: Scene) -> None:
    asked = ask(scene, ZEPPELIN)
    shown = await opened(scene)
    store_of(scene).mark(scene.guild.id, [asked], "done")
    pressed = await press(scene, shown, f"done:30:0:{asked}")
    assert "no longer on the list" in said_beside(pressed)


async def test_the_table_holds_the_questions_and_nobody(scene: Scene) -> None:
    ask(scene, ZEPPELIN)
    shown = await opened(scene)
    pressed = await press(scene, shown, "export:30")
    assert pressed.response
    assert pressed.response.ephemeral
    assert "1 question, without who asked it" in pressed.response.content
    file = pressed.response.attachments[0]
    assert file.filename == "insights-30-days.csv"
    lines = list(csv.reader(io.StringIO((await file.read()).decode("utf-8-sig"))))
    assert ZEPPELIN in lines[1]
    assert str(scene.ada.id) not in str(lines)


async def test_who_lost_the_right_learns_nothing_more(servers: Servers) -> None:
    scene = servers.scene
    asked = ask(scene, ZEPPELIN)
    shown = await opened(scene)
    servers.demote_boss()
    for custom_id in (f"done:30:0:{asked}", "export:30"):
        refused = await press(scene, shown, custom_id)
        assert refused.response
        assert "may manage this server" in all_text(refused.response)
        assert not refused.response.attachments
    assert store_of(scene).count_open(scene.guild.id) == 1


async def test_another_servers_questions_are_not_seen(servers: Servers) -> None:
    ask(servers.scene, ZEPPELIN)
    shown = await servers.stranger.slash(servers.elsewhere, "insights")
    assert "zeppelin" not in words_of(shown).casefold()
    assert "Nothing was asked" in words_of(shown)


async def test_the_buttons_work_after_a_restart(servers: Servers) -> None:
    scene = servers.scene
    asked = ask(scene, ZEPPELIN)
    shown = await opened(scene)
    await servers.restart()
    await press(scene, shown, f"done:30:0:{asked}")
    assert "1 question is done" in words_of(shown)


# Answering again


async def asked_in_the_channel(servers: Servers) -> Asked:
    """A question that the articles did not answer, with the bot's reply to it."""
    scene = servers.scene
    await scene.ada.send(scene.channel, f"{scene.mention} {BAKER}")
    return store_of(scene).open_questions(scene.guild.id)[0]


def again_in(servers: Servers, is_on: bool) -> None:
    store_of(servers.scene).save_settings(
        servers.scene.guild.id, ServerSettings(answers_again=is_on)
    )


async def done_after_adding(servers: Servers, asked: Asked) -> str:
    scene = servers.scene
    await servers.library.add(Upload("bread.txt", BREAD), None, scene.guild.id)
    shown = await opened(scene)
    await press(scene, shown, f"done:30:0:{asked.id}")
    return words_of(shown)


async def test_it_is_answered_again_where_it_was_asked(servers: Servers) -> None:
    asked = await asked_in_the_channel(servers)
    again_in(servers, True)
    said = await done_after_adding(servers, asked)
    assert "I answered 1 again where it was asked" in said
    last = servers.scene.last
    assert last.reference
    assert last.reference.message_id == asked.message
    assert "rye bread" in words_in(last).replace("**", "")
    assert not last.mentions
    assert store_of(servers.scene).count_open(servers.scene.guild.id) == 0


async def test_it_is_not_where_the_server_does_not_want_that(servers: Servers) -> None:
    asked = await asked_in_the_channel(servers)
    again_in(servers, False)
    before = servers.scene.last.id
    said = await done_after_adding(servers, asked)
    assert "1 question is done." in said
    assert "again" not in said
    assert servers.scene.last.id == before


async def test_what_still_has_no_answer_is_not_answered_again_nor_listed(
    servers: Servers,
) -> None:
    scene = servers.scene
    asked = await asked_in_the_channel(servers)
    again_in(servers, True)
    before = scene.last.id
    shown = await opened(scene)
    await press(scene, shown, f"done:30:0:{asked.id}")
    assert "still answer none" in words_of(shown)
    assert scene.last.id == before
    assert store_of(scene).count_open(scene.guild.id) == 0


async def test_what_is_gone_or_was_for_one_person_alone_is_not_answered_before_others(
    servers: Servers,
) -> None:
    scene = servers.scene
    asked = ask(scene, BAKER, message=99)
    again_in(servers, True)
    found = next(q for q in store_of(scene).open_questions(scene.guild.id) if q.id == asked)
    said = await done_after_adding(servers, found)
    assert "still answer none" in said
    assert scene.channel.last_message is None


# What Discord takes


@pytest.mark.parametrize("days", PERIODS)
@pytest.mark.parametrize("page", [0, 1, 199, 10**4])
async def test_discord_takes_every_page_whatever_is_asked(days: int, page: int) -> None:
    hostile = "*_~`|>#[](){}@everyone <@1> https://example.org 😀" * 40
    asked = [
        Asked(
            id=2**62 + number,
            server=2**63 - 1,
            channel=2**63 - 1,
            message=2**63 - 1,
            person=1,
            question=hostile,
            answered=False,
            confidence=0.0,
            articles=(),
            language=None,
            at=datetime(2026, 1, 1, tzinfo=UTC),
            state="open",
            told=False,
        )
        for number in range(1000)
    ]
    found = Findings(
        days=days,
        insights=Insights(
            asked=10**9,
            answered=10**8,
            open=10**9,
            told=10**9,
            days=(Day(date(2026, 1, 1), 10**9, 10**8),),
            articles=tuple((f"{number}{hostile}", 10**9) for number in range(10)),
            helpful=10**9,
            unhelpful=10**9,
            reasons=tuple(Reason(-1, hostile, 10**9) for _ in range(20)),
        ),
        titles={},
        groups=[Group((each,) * 10, each) for each in asked],
        first=datetime(2026, 1, 1, tzinfo=UTC),
        last=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days),
    )
    note = "I answered 10 again where they were asked. " * 3
    assert_discord_takes(insights_panel(found, page, with_chart=False))
    with_chart = insights_panel(found, page, with_chart=True, note=note)
    check_message(
        {"flags": COMPONENTS_V2, "components": components_of(with_chart)},
        filenames=["insights.png"],
    )
    assert sum(map(units, texts(with_chart))) <= 4000


async def test_the_bounds_of_pages_are_shown_by_disabled_buttons(scene: Scene) -> None:
    shown = await opened(scene)
    for direction, page in (("previous", 0), ("next", 1)):
        assert part_of(shown, f"footnote:insights:{direction}:30:{page}")["disabled"]
