"""A text is English at a glance only where its small words leave no doubt."""

from __future__ import annotations

import pytest

from retrieval.function_words import is_clearly_english


@pytest.mark.parametrize(
    "text",
    [
        "What is the name of the offensive that the general has launched?",
        "Who was there?",
        "HOW MANY OF THEM DID THE TOWN HAVE?",
    ],
)
def test_small_words_tell_that_a_text_is_english(text: str) -> None:
    assert is_clearly_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "What is",
        "the the the the",
        "General Haftar launches the Dignity offensive against Benghazi militias in what is May",
        "Operation Dignity",
        "What is the capital of Österreich?",  # may be as clear, but is looked at closer
        "Was war in Rio los so an dem Tag?",
        "Wie is de man die in de stad was?",
        "Kde je to mesto a kto v nom bol po vojne?",
        "Ce este o lege si de ce este ea importanta la noi?",
        "Ki is az a no es mi is volt a neve be?",
        "Hvad er det for en by og hvem har den?",
    ],
)
def test_what_is_not_clear_or_of_another_language_is_not_told(text: str) -> None:
    assert not is_clearly_english(text)


def test_words_that_are_as_many_of_another_language_leave_doubt() -> None:
    assert is_clearly_english("so was it in the house")
    assert not is_clearly_english("so was in an will die war"), "German as well"
