"""The commands in every language: within Discord's limits, and findable by their own names."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.app_commands import Command, Group, locale_str

import bot.languages
from bot.client import FootnoteClient
from bot.commands.summary import LENGTHS, MOST_SENTENCES, sentence_count
from bot.commands.translation import (
    CommandTranslator,
    command_name,
    described,
    menu_name,
    option_name,
)
from bot.languages import LANGUAGES, Catalogs, language_for
from retrieval.errors import QuestionError
from tests.loopback.errors import ApiError
from tests.loopback.limits import check_commands
from tests.loopback.openapi import OpenApi

OPENAPI = Path(os.environ.get("FOOTNOTE_TEST_DATA", "missing")) / "discord" / "openapi.json"
Payload = dict[str, Any]


class Dictionary(gettext.NullTranslations):
    def __init__(self, words: dict[str, str]) -> None:
        super().__init__()
        self._words = words

    def gettext(self, message: str) -> str:
        return self._words.get(message, message)


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What the German catalogue holds, in place of the real one."""
    words: dict[str, str] = {}
    monkeypatch.setattr(
        bot.languages,
        "read_catalog",
        lambda language: Dictionary(words if language == "de" else {}),
    )
    bot.languages._speech.cache_clear()
    yield words
    bot.languages._speech.cache_clear()


async def translated(text: locale_str, locale: discord.Locale) -> str | None:
    context: Any = None
    return await CommandTranslator(Catalogs()).translate(text, locale, context)


async def payloads(client: FootnoteClient) -> list[Payload]:
    """The commands as they are registered."""
    translator = CommandTranslator(Catalogs())
    return [
        await command.get_translated_payload(client.tree, translator)
        for command in client.tree.get_commands()
    ]


def shown(things: list[Payload], locale: str) -> list[str]:
    """The names that a person sees whose Discord is in that language."""
    return [thing.get("name_localizations", {}).get(locale, thing["name"]) for thing in things]


def lists_of(commands: list[Payload]) -> Iterator[list[Payload]]:
    """Everything that a person chooses one of: commands, options, subcommands and choices."""
    for kind in {command["type"] for command in commands}:
        yield [command for command in commands if command["type"] == kind]
    waiting = list(commands)
    while waiting:
        thing = waiting.pop()
        for part in ("options", "choices"):
            if thing.get(part):
                yield thing[part]
                waiting += thing[part]


def twice(commands: list[Payload]) -> set[tuple[str, str]]:
    """Names that stand twice for somebody to choose from, each with the language."""
    found = set()
    for things in lists_of(commands):
        for locale in discord.Locale:
            names = shown(things, locale.value)
            found |= {(locale.value, name) for name in names if names.count(name) > 1}
    return found


# What is registered


async def test_all_commands_stay_within_discords_limits_in_every_language(
    simcord_bot: FootnoteClient,
) -> None:
    commands = await payloads(simcord_bot)
    check_commands(commands)
    assert twice(commands) == set()


@pytest.mark.skipif(not OPENAPI.exists(), reason="Discord's OpenAPI document is not here")
async def test_discords_own_document_accepts_all_commands(simcord_bot: FootnoteClient) -> None:
    found = OpenApi(OPENAPI).problem(
        "PUT", "/applications/{application_id}/commands", await payloads(simcord_bot)
    )
    assert found is None


async def test_nothing_that_is_shown_of_a_command_is_left_out_of_the_catalogues(
    simcord_bot: FootnoteClient,
) -> None:
    texts: list[object] = []
    for root in simcord_bot.tree.get_commands():
        texts.append(root._locale_name)
        for command in [root, *(root.walk_commands() if isinstance(root, Group) else ())]:
            if isinstance(command, Command | Group):
                texts += [command._locale_name, command._locale_description]
            if isinstance(command, Command):
                for option in command._params.values():
                    texts += [option._rename, option.description]
                    texts += [choice._locale_name for choice in option.choices or []]
    for text in texts:
        assert isinstance(text, locale_str)
        assert text.extras, text


async def test_what_is_registered_is_what_the_catalogue_says(
    simcord_bot: FootnoteClient, german: dict[str, str]
) -> None:
    german |= {"/ask": "/frag", ":question": ":frage", "this server": "dieser Server"}
    by_name = {command["name"]: command for command in await payloads(simcord_bot)}
    assert by_name["ask"]["name_localizations"] == {"de": "frag"}
    question = by_name["ask"]["options"][0]
    assert (question["name"], question["name_localizations"]) == ("question", {"de": "frage"})
    assert "description_localizations" not in question
    add = by_name["corpus"]["options"][0]
    choices = next(part["choices"] for part in add["options"] if part["name"] == "collection")
    assert choices[0]["name_localizations"] == {"de": "dieser Server"}
    assert choices[0]["value"] == "server"


@pytest.mark.parametrize(
    ("message", "translation"),
    [
        ("/ask", "/Frag"),
        ("/ask", "/frag mich"),
        ("/ask", "/" + "f" * 33),
        (":article", ":wörter!"),
        ("Ask about this message", "x" * 33),
        ("The articles I know and quote from.", "x" * 101),
    ],
)
async def test_a_translation_that_discord_would_refuse_is_found(
    simcord_bot: FootnoteClient, german: dict[str, str], message: str, translation: str
) -> None:
    german[message] = translation
    with pytest.raises(ApiError):
        check_commands(await payloads(simcord_bot))


@pytest.mark.parametrize(
    ("message", "translation"),
    [(":since", ":question"), ("/list", "/add"), ("/ask", "/help"), ("shared", "this server")],
)
async def test_two_of_one_name_are_found(
    simcord_bot: FootnoteClient, german: dict[str, str], message: str, translation: str
) -> None:
    german[message] = translation
    assert twice(await payloads(simcord_bot)) == {("de", translation.lstrip("/:"))}


# The translator


async def test_a_name_loses_the_mark_that_tells_it_from_a_word(german: dict[str, str]) -> None:
    german |= {"/list": "/liste", ":list": ":aufzählung", "list": "Verzeichnis", "List": "Listen"}
    assert await translated(command_name("/list"), discord.Locale.german) == "liste"
    assert await translated(option_name(":list"), discord.Locale.german) == "aufzählung"
    assert await translated(described("list"), discord.Locale.german) == "Verzeichnis"
    assert await translated(menu_name("List"), discord.Locale.german) == "Listen"


@pytest.mark.parametrize(
    "text", [command_name("/nothing"), described("Nothing of the kind."), locale_str("list")]
)
async def test_what_is_in_no_catalogue_is_shown_in_english(
    german: dict[str, str], text: locale_str
) -> None:
    german["list"] = "Verzeichnis"
    assert await translated(text, discord.Locale.german) is None


async def test_english_and_what_is_not_spoken_need_no_translation(german: dict[str, str]) -> None:
    german["/ask"] = "/frag"
    for locale in (discord.Locale.american_english, discord.Locale.swedish):
        assert await translated(command_name("/ask"), locale) is None


def test_a_summarys_length_is_understood_in_the_language_that_is_spoken(
    german: dict[str, str],
) -> None:
    german["short"] = "Kurz"
    with Catalogs().speaking("de"):
        assert sentence_count("kurz") == sentence_count("short") == LENGTHS["short"]
    with pytest.raises(QuestionError):
        sentence_count("kurz")


def test_every_language_but_arabic_is_one_of_discords() -> None:
    spoken = {language_for(locale.value) for locale in discord.Locale}
    assert set(LANGUAGES) - spoken == {"ar"}


def test_the_summarys_description_names_the_most_sentences(simcord_bot: FootnoteClient) -> None:
    summary = simcord_bot.tree.get_command("summary")
    assert isinstance(summary, Command)
    length = summary.get_parameter("length")
    assert length is not None
    assert f"1 to {MOST_SENTENCES}" in str(length.description)
