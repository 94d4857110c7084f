"""A language is known at a glance where its small words leave no doubt, and not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given

from retrieval.analysis import listed_languages
from retrieval.function_words import language_by_function_words
from tests.strategies import texts


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "What is the name of the offensive that the general has launched?"),
        ("de", "Von wem ist der Brief und wann ist er an sie geschrieben worden?"),
        ("es", "¿Quién fue el primero que llegó hasta la ciudad y con qué lo hizo?"),
        ("fr", "Quel est le nom de l'offensive que le général a lancée dans la ville ?"),
        ("pl", "Jak się nazywa to, co on ma i co jest tam od nich dla nas?"),
    ],
)
def test_small_words_tell_the_language(code: str, text: str) -> None:
    found = language_by_function_words(text)
    assert found is not None
    assert found.code == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "of the",
        "Operation Dignity",
        "General launches offensive against militia in Benghazi",
        "Rio de la Plata de la",  # Spanish as well as French
        "将军两周前在城里对民兵发动了攻击。",
    ],
)
def test_where_they_are_few_or_of_several_languages_nothing_is_said(text: str) -> None:
    assert language_by_function_words(text) is None


@given(texts)
def test_whatever_is_said_is_one_of_those_that_are_known(text: str) -> None:
    found = language_by_function_words(text)
    assert found is None or found in listed_languages()
