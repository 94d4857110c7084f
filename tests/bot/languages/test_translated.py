"""What people read in the languages that ship, whatever of the bot it is that speaks."""

from __future__ import annotations

import logging

import discord
import pytest

from bot.languages import Catalogs
from bot.rendering.blockquote import CUT
from bot.rendering.discord import render_report
from bot.rendering.layout import turn_of
from bot.rendering.sanitize import shown
from retrieval.corpus import Change, Report
from tests.bot.components import words_of
from tests.bot.conftest import Scene, Servers, all_text, text_of
from tests.bot.languages.asking import (
    QUESTION,
    WORDS,
    SetLocale,
    ask,
    choose,
    words_of_the_articles,
)
from tests.bot.test_answer_buttons import labels, press

OPEN, CLOSE = "\u2068", "\u2069"
"""Around words that are read from right to left beside others that are not."""
ENGLISH_BUTTONS = {"Context", "More passages", "Follow up", "Share", "Delete"}


def quoted_in(text: str) -> list[str]:
    """The lines of the articles in an answer, as they stand there."""
    lines = [line.removeprefix("> ") for line in text.split("\n") if line.startswith("> ")]
    return [shown(line.replace(CUT, "")).strip() for line in lines]


async def written_directly(scene: Scene) -> list[str]:
    """The buttons of the answer to a direct message."""
    await scene.ada.send_dm(QUESTION)
    answer = scene.ada.user.dm_channel.last_message
    assert answer is not None
    return labels(answer)


async def choose_by_setup(scene: Scene, language: str) -> str:
    """Choose a language as people do; returns what the panel says then."""
    panel = await scene.boss.slash(scene.channel, "setup")
    assert panel.response
    await scene.boss.select(panel.response, ["answers"], custom_id="footnote:setup:section")
    await scene.boss.select(panel.response, [language], custom_id="footnote:setup:language")
    return words_of(panel)


async def test_a_server_that_is_set_to_german_is_answered_in_german(scene: Scene) -> None:
    assert "Language: Deutsch" in await choose_by_setup(scene, "de")
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    read = all_text(scene.last)
    assert WORDS in shown(read)
    assert "Absatz " in read
    assert "-# Sicher" in read
    assert "paragraph" not in read.replace(QUESTION, "")
    assert {"Kontext", "Weitere Textstellen", "Weiterfragen"} <= set(labels(scene.last))
    assert not ENGLISH_BUTTONS & set(labels(scene.last))


async def test_what_is_not_answered_is_told_in_german(scene: Scene) -> None:
    await choose_by_setup(scene, "de")
    await scene.ada.send(scene.channel, f"{scene.mention} Who won the 2014 World Cup?")
    assert "Die Artikel beantworten das nicht." in all_text(scene.last)


async def test_a_german_is_told_in_german_what_went_wrong(
    scene: Scene, set_locale: SetLocale
) -> None:
    set_locale(scene.ada, "de")
    told = text_of(await scene.ada.slash(scene.channel, "ask", question="…"))
    assert told == "Darin steckt keine Frage. Frag in Worten, etwa „Wie heißt die Offensive?“."
    assert scene.env.errors


async def test_a_button_of_a_public_answer_speaks_to_who_presses_it(
    scene: Scene, set_locale: SetLocale
) -> None:
    await choose(scene, "de")
    set_locale(scene.boss, "ja")
    await ask(scene)
    pressed = text_of(await press(scene.boss, scene.last, "Kontext"))
    assert "段落" in pressed
    assert "Absatz" not in pressed


async def test_an_arabic_answer_keeps_the_words_of_the_article_and_both_directions_apart(
    scene: Scene,
) -> None:
    assert "العربية" in await choose_by_setup(scene, "ar")
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    read = all_text(scene.last)
    (source, *_) = (line for line in read.split("\n") if "فقرة" in line)
    assert source.startswith("-# Fighting in Benghazi")
    assert f"{OPEN}فقرة" in source
    assert source.count(OPEN) == source.count(CLOSE)
    assert "السياق" in labels(scene.last)
    quoted = quoted_in(read)
    articles = await words_of_the_articles(scene)
    assert quoted
    assert [line for line in quoted if line not in articles] == []
    turn = turn_of(scene.last)
    assert turn is not None
    assert turn.question == QUESTION


async def test_a_japanese_person_reads_japanese_around_the_words_of_the_article(
    scene: Scene, set_locale: SetLocale
) -> None:
    set_locale(scene.ada, "ja")
    shown_to_ada = await scene.ada.slash(scene.channel, "ask", question=QUESTION, private=True)
    read = text_of(shown_to_ada)
    assert "-# 確か\n" in read
    assert "段落" in read
    assert WORDS in shown(read)
    assert shown_to_ada.response
    assert "前後の文" in labels(shown_to_ada.response)
    assert not ENGLISH_BUTTONS & set(labels(shown_to_ada.response))


async def test_who_writes_directly_is_answered_in_the_language_they_were_seen_with(
    scene: Scene, set_locale: SetLocale
) -> None:
    assert "Context" in await written_directly(scene)
    set_locale(scene.ada, "ja")
    await ask(scene, private=True)
    assert "前後の文" in await written_directly(scene)
    panel = await scene.ada.slash(scene.channel, "privacy forget-me")
    assert panel.response
    await press(scene.ada, panel.response, "削除")
    assert "Context" in await written_directly(scene)


async def test_what_is_refused_is_listed_as_in_the_language(
    servers: Servers, set_locale: SetLocale
) -> None:
    set_locale(servers.boss, "ja")
    told = text_of(await servers.add("letter.xyz", "Dear all"))
    assert "、" in told
    assert ", " not in told.replace("\\", "")


async def test_a_status_is_german_to_its_numbers(servers: Servers, set_locale: SetLocale) -> None:
    set_locale(servers.boss, "de")
    told = text_of(await servers.boss.slash(servers.channel, "corpus status"))
    assert "Stand noch keiner" in told
    assert "none" not in told


def test_counts_stand_in_a_report_as_the_language_writes_them() -> None:
    report = Report(changes=(Change("a", "A", "added"),), encoded=1, seconds=0.5)
    with Catalogs().speaking("fr"):
        assert "**Ajoutés\u202f: 1**" in render_report(report, "…").content
    with Catalogs().speaking("ja"):
        assert "**追加：1件**" in render_report(report, "…").content


async def test_the_log_stays_english_whoever_makes_a_change(
    servers: Servers, set_locale: SetLocale, caplog: pytest.LogCaptureFixture
) -> None:
    set_locale(servers.boss, "de")
    with caplog.at_level(logging.INFO, "bot"):
        told = text_of(await servers.add("aurora.txt", "The aurora is seen in winter."))
    assert "Hinzugefügt: 1" in told
    assert "added 'aurora'" in caplog.text
    assert told.split("\n")[0] not in caplog.text


async def test_nothing_is_lacked_in_japanese(scene: Scene, set_locale: SetLocale) -> None:
    set_locale(scene.boss, "ja")
    bare = scene.guild.create_text_channel(
        "bare",
        overwrites={
            scene.guild.default_role: discord.PermissionOverwrite(
                attach_files=False, create_public_threads=False
            )
        },
    )
    panel = await scene.boss.slash(bare, "setup")
    assert panel.response
    await scene.boss.select(panel.response, ["permissions"], custom_id="footnote:setup:section")
    named = next(line for line in words_of(panel).split("\n") if f"<#{bare.id}>" in line)
    assert "、" in named
    assert "Attach Files" not in named
