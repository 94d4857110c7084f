"""Who is answered in which language: with every sentence marked by the language it is said in."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

import bot.languages
from bot.languages import LANGUAGES, Catalogs, said
from bot.rendering.blockquote import CUT
from bot.rendering.layout import turn_of
from bot.rendering.layout.sources import source_lines
from bot.rendering.sanitize import shown
from tests.bot.conftest import MakeCorpora, Scene, Servers, all_text, text_of
from tests.bot.languages.asking import (
    QUESTION,
    WORDS,
    SetLocale,
    ask,
    choose,
    words_of_the_articles,
)
from tests.bot.test_answer_buttons import press
from tests.bot.texts import quote

ARABIC = "نص"
"""An Arabic word, in the place of an Arabic sentence."""


class Marked(gettext.NullTranslations):
    """Says everything in English with a mark in front."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self._mark = mark

    def gettext(self, message: str) -> str:
        # Sentences one after another are no sentence.
        return message if message.startswith("{part0}") else f"{self._mark} {message}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture(autouse=True)
def marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalogues in which the words are known, in the place of those that ship."""

    def speech(language: str) -> bot.languages._Speech:
        if language == "en":
            return bot.languages._Speech("en", gettext.NullTranslations())
        return bot.languages._Speech(language, Marked(mark(language)))

    monkeypatch.setattr(bot.languages, "_speech", speech)


def mark(language: str) -> str:
    return ARABIC if language == "ar" else f"[{language}]"


def spoken_in(text: str) -> set[str]:
    """The languages that are marked in a text."""
    return {language for language in LANGUAGES if language != "en" and mark(language) in text}


# Commands


async def test_a_person_is_answered_in_the_language_of_their_discord(
    scene: Scene, set_locale: SetLocale
) -> None:
    set_locale(scene.ada, "de")
    read = await ask(scene)
    assert WORDS in read
    assert spoken_in(read) == {"de"}


async def test_who_speaks_none_of_the_languages_is_answered_in_english(
    scene: Scene, set_locale: SetLocale
) -> None:
    set_locale(scene.ada, "fi")
    assert spoken_in(await ask(scene)) == set()


async def test_the_next_one_is_answered_in_theirs(scene: Scene, set_locale: SetLocale) -> None:
    set_locale(scene.ada, "de")
    set_locale(scene.boss, "es-419")
    for person, language in ((scene.ada, "de"), (scene.boss, "es"), (scene.ada, "de")):
        shown_to_them = await person.slash(scene.channel, "ask", question=QUESTION, private=True)
        assert spoken_in(text_of(shown_to_them)) == {language}


async def test_an_error_is_told_in_the_language_of_the_person(
    scene: Scene, set_locale: SetLocale
) -> None:
    set_locale(scene.ada, "fr")
    told = text_of(await scene.ada.slash(scene.channel, "ask", question="…"))
    # Found by ``retrieval``, which knows no languages.
    assert "[fr] There is no question in that." in told
    assert scene.env.errors


async def test_a_collection_is_described_in_the_language_of_the_person(
    servers: Servers, set_locale: SetLocale
) -> None:
    set_locale(servers.boss, "ja")
    told = text_of(await servers.boss.slash(servers.channel, "corpus status"))
    assert spoken_in(told) == {"ja"}


async def test_what_cannot_be_read_is_told_in_the_language_of_the_person(
    servers: Servers, set_locale: SetLocale
) -> None:
    set_locale(servers.boss, "de")
    # Read in another process, which knows no languages either.
    told = text_of(await servers.add("empty.md", "\n"))
    assert "[de] empty.md" in told.replace("\\", "")


def test_what_could_not_be_read_is_told_in_any_language_after_a_restart(
    make_corpora: MakeCorpora, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "good.txt").write_text("The lighthouse of Norwick was built in 1851.")
    (folder / "bad.txt").write_bytes(b"\0\0\0")
    make_corpora(folder).open()
    (failure,) = make_corpora(folder).shared.status().failures
    assert failure.startswith("bad.txt is not a text file.")
    with Catalogs().speaking("de"):
        assert said(failure).startswith("[de] bad.txt is not a text file. [de] ")


# Buttons


async def test_a_button_speaks_to_who_has_pressed_it(scene: Scene, set_locale: SetLocale) -> None:
    set_locale(scene.boss, "pt-BR")
    await ask(scene)
    shown_to_boss = text_of(await press(scene.boss, scene.last, "Context"))
    assert spoken_in(shown_to_boss) == {"pt"}


# What a server has chosen


async def test_what_everybody_sees_is_in_the_language_of_the_server(
    scene: Scene, set_locale: SetLocale
) -> None:
    await choose(scene, "es")
    set_locale(scene.ada, "de")
    assert spoken_in(await ask(scene)) == {"es"}


async def test_what_one_person_sees_is_in_theirs_all_the_same(
    scene: Scene, set_locale: SetLocale
) -> None:
    await choose(scene, "es")
    set_locale(scene.ada, "de")
    assert spoken_in(await ask(scene, private=True)) == {"de"}


async def test_who_speaks_another_one_sees_that_of_the_server(
    scene: Scene, set_locale: SetLocale
) -> None:
    await choose(scene, "es")
    set_locale(scene.ada, "it")
    assert spoken_in(await ask(scene, private=True)) == {"es"}


@pytest.mark.parametrize("private", [True, False])
async def test_an_arabic_server_is_spoken_to_in_arabic_which_discord_cannot_be_set_to(
    scene: Scene, *, private: bool
) -> None:
    await choose(scene, "ar")
    read = await ask(scene, private=private)
    assert spoken_in(read) == {"ar"}
    assert WORDS in shown(read)


# Messages


async def test_a_message_is_answered_in_the_language_of_the_server(scene: Scene) -> None:
    await choose(scene, "ar")
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    read = all_text(scene.last)
    assert spoken_in(read) == {"ar"}
    assert WORDS in shown(read)


async def test_a_message_is_answered_in_the_language_of_the_community_where_none_is_chosen(
    scene: Scene,
) -> None:
    other = scene.env.create_guild("Communauté", preferred_locale="fr")
    channel = other.create_text_channel("questions")
    person = other.add_member(scene.env.create_user("zoé"))
    await person.send(channel, f"{scene.mention} {QUESTION}")
    assert channel.last_message is not None
    assert spoken_in(all_text(channel.last_message)) == {"fr"}


async def test_an_error_is_told_in_reply_to_a_message_in_its_language(scene: Scene) -> None:
    await choose(scene, "de", per_member=1)
    for _ in range(2):
        await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert "[de] Those were many questions" in all_text(scene.last)


async def test_a_message_is_answered_in_english_where_nothing_is_known(scene: Scene) -> None:
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    assert spoken_in(all_text(scene.last)) == set()


# From right to left


async def test_in_an_arabic_answer_the_words_of_the_article_stay_as_they_are(
    scene: Scene,
) -> None:
    await choose(scene, "ar")
    await scene.ada.send(scene.channel, f"{scene.mention} {QUESTION}")
    turn = turn_of(scene.last)
    assert turn is not None
    assert turn.question == QUESTION
    quoted = [
        line.removeprefix("> ").replace(CUT, "").replace("**", "").strip()
        for line in all_text(scene.last).split("\n")
        if line.startswith("> ")
    ]
    assert quoted
    text = await words_of_the_articles(scene)
    assert [line for line in quoted if shown(line) not in text] == []


def test_arabic_and_english_beside_each_other_do_not_mix() -> None:
    with Catalogs().speaking("ar"):
        line = source_lines(quote("It was built in 1851.", author="A. Writer"), 500)
    facts = [fact for fact in line.removeprefix("-# ").split(" · ") if ARABIC in fact]
    # Each is shut in, so that what stands beside it keeps its place.
    assert facts
    assert all("\u2068" in fact and "\u2069" in fact for fact in facts)
