"""``t``, ``tn`` and ``said``: whatever the values are, a sentence comes out."""

from __future__ import annotations

import asyncio
import gettext
from collections.abc import Iterator
from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

import bot.languages
from bot.languages import LANGUAGES, Catalogs, language_for, number, said, spoken, t, tn
from retrieval.errors import CorpusError
from retrieval.phrases import (
    all_of,
    any_of,
    from_text,
    joined,
    listed,
    listed_apart,
    phrase,
    phrases,
    to_text,
)

HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(["{name}", "{0}", "{0.__class__}", "{", "}}", "{{x}}", "{name!r:>{w}}", "%s"]),
)


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small catalogue in the place of the one that ships."""
    catalog = Catalog(locale="de")
    catalog.add("The file {name} is empty.", "Die Datei {name} ist leer.")
    catalog.add(("{count} page", "{count} pages"), ("{count} Seite", "{count} Seiten"))
    catalog.add("It holds {what}.", "Sie enthält {what}.")
    catalog.add("{others} and {last}", "{others} und {last}")
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    made = gettext.GNUTranslations(compiled)
    monkeypatch.setattr(bot.languages, "_speech", lambda language: speech(language, made))
    with Catalogs().speaking("de"):
        yield


def speech(language: str, catalog: gettext.NullTranslations) -> bot.languages._Speech:
    return bot.languages._Speech(language, catalog)


@given(HOSTILE)
def test_a_value_is_text_whatever_it_looks_like(value: str) -> None:
    assert t("Before {name}, after.", name=value) == f"Before {value}, after."


@given(HOSTILE)
def test_so_is_that_of_a_phrase(value: str) -> None:
    made = phrase("Before {name}, after.", name=value)
    assert made == said(made) == f"Before {value}, after."


@given(HOSTILE, HOSTILE)
def test_values_are_not_filled_into_each_other(one: str, other: str) -> None:
    assert t("{one}|{other}", one=one, other=other) == f"{one}|{other}"


@given(HOSTILE)
def test_a_translation_that_names_no_value_shows_itself(value: str) -> None:
    assert t("{unknown} {name.__class__}", name=value) == "{unknown} {name.__class__}"


def test_a_sentence_without_a_translation_is_english() -> None:
    for language in LANGUAGES:
        with Catalogs().speaking(language):
            assert t("No catalogue has this {sentence}.", sentence="one") == (
                "No catalogue has this one."
            )


def test_nothing_is_nothing_in_every_language() -> None:
    # To gettext the empty message is the head of the catalogue.
    for language in LANGUAGES:
        with Catalogs().speaking(language):
            assert t("") == said("") == said(phrase("")) == ""


@pytest.mark.usefixtures("german")
def test_a_phrase_is_said_in_the_language_that_is_spoken() -> None:
    made = phrase("The file {name} is empty.", name="a.txt")
    assert made == "The file a.txt is empty."
    assert said(made) == "Die Datei a.txt ist leer."
    assert said(str(made)) == "Die Datei a.txt ist leer."


@pytest.mark.usefixtures("german")
def test_what_is_no_phrase_is_said_as_it_is() -> None:
    assert said("The file {name} is empty.") == "The file {name} is empty."


@pytest.mark.usefixtures("german")
def test_phrases_in_phrases_are_said_too() -> None:
    made = phrase("It holds {what}.", what=phrases("{count} page", "{count} pages", 1200))
    assert made == "It holds 1,200 pages."
    assert said(made) == "Sie enthält 1.200 Seiten."
    both = joined([made, phrase("The file {name} is empty.", name=all_of(["a", "b", "c"]))])
    assert both == "It holds 1,200 pages. The file a, b and c is empty."
    assert said(both) == "Sie enthält 1.200 Seiten. Die Datei a, b und c ist leer."


@pytest.mark.parametrize(
    ("language", "lists"),
    [
        ("en", ("a, b, c", "a; b; c", "a, b and c", "a, b or c")),
        ("de", ("a, b, c", "a; b; c", "a, b und c", "a, b oder c")),
        ("fr", ("a, b, c", "a\u202f; b\u202f; c", "a, b et c", "a, b ou c")),
        ("ar", ("a، b، c", "a؛ b؛ c", "a، b وc", "a، b أو c")),
        ("ja", ("a、b、c", "a；b；c", "a、bとc", "a、bまたはc")),
    ],
)
def test_a_list_is_written_as_in_the_language(language: str, lists: tuple[str, ...]) -> None:
    made = [ways(["a", "b", "c"]) for ways in (listed, listed_apart, all_of, any_of)]
    with Catalogs().speaking(language):
        assert tuple(map(said, made)) == lists


def test_a_list_deep_in_an_error_is_said_after_it_was_stored_too() -> None:
    error = CorpusError("A.", why=phrase("These can: {formats}.", formats=all_of(["a", "b", "c"])))
    stored = to_text(joined((joined((str(error), "B.")), "C.")))
    with Catalogs().speaking("ja"):
        assert "a、bとc" in said(from_text(stored))


@pytest.mark.usefixtures("german")
def test_a_number_chooses_the_sentence() -> None:
    assert tn("{count} page", "{count} pages", 1) == "1 Seite"
    assert tn("{count} page", "{count} pages", 2) == "2 Seiten"


def test_numbers_are_written_as_in_the_language() -> None:
    written = {}
    for language in LANGUAGES:
        with Catalogs().speaking(language):
            written[language] = (number(1234567), number(0.5))
    assert written["en"] == ("1,234,567", "0.5")
    assert written["de"] == ("1.234.567", "0,5")
    assert written["fr"] == ("1\u202f234\u202f567", "0,5")
    assert written["ja"] == ("1,234,567", "0.5")


@pytest.mark.parametrize(
    ("locales", "language"),
    [
        (["pt-BR"], "pt"),
        (["es-419"], "es"),
        (["en-GB", "de"], "en"),
        (["it", "de"], "de"),
        (["it", None, ""], "en"),
        ([], "en"),
    ],
)
def test_the_first_locale_that_is_spoken_counts(locales: list[str | None], language: str) -> None:
    assert language_for(*locales) == language


async def test_what_a_task_speaks_is_its_own() -> None:
    catalogs = Catalogs()

    async def speak(language: str) -> tuple[str, str]:
        catalogs.speak(language)
        await asyncio.sleep(0)
        return spoken(), await asyncio.to_thread(spoken)

    heard = await asyncio.gather(*(asyncio.create_task(speak(name)) for name in LANGUAGES))
    assert heard == [(name, name) for name in LANGUAGES]
    assert spoken() == "en"


def test_an_unknown_language_is_english() -> None:
    with Catalogs().speaking("tlh"):
        assert spoken() == "en"
