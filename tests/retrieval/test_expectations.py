"""What kind of words a question asks for, and which sentences have them."""

from __future__ import annotations

import pytest

from retrieval.analysis import words
from retrieval.expectations import expectation_of
from retrieval.languages import ENGLISH, Language


def meets(question: str, sentence: str, code: str = "en") -> bool | None:
    language = Language(code)
    expectation = expectation_of(question, language)
    if expectation is None:
        return None
    frame = expectation.frame
    about = frame.sub(" ", question) if frame else question
    return expectation.met_by(sentence, frozenset(words(about, language)), language)


@pytest.mark.parametrize(
    ("question", "sentence", "met"),
    [
        ("When did it begin?", "It began on May 16.", True),
        ("When did it begin?", "It may begin.", False),
        ("At what time did it erupt?", "Fighting erupted at about 2 a.m. in the city.", True),
        ("What year was it founded?", "It was founded in 1978.", True),
        ("What year was it founded?", "It was founded by three people.", False),
        ("What is the name of the offensive?", "The offensive, dubbed Operation Dignity.", True),
        ("What is the name of the offensive?", "The United States named the group.", False),
        ("What was the river called?", "The river is known as the Tees.", True),
    ],
)
def test_a_question_for_a_time_or_a_name_knows_what_it_wants(
    question: str, sentence: str, met: bool
) -> None:
    assert meets(question, sentence) is met


@pytest.mark.parametrize("question", ["Who won?", "Why?", "How many were there?", ""])
def test_other_questions_expect_nothing_in_particular(question: str) -> None:
    assert expectation_of(question, ENGLISH) is None


def test_other_languages_expect_too() -> None:
    assert meets("¿Cuándo empezó?", "Empezó en mayo.", "es")
    assert meets("Wann begann es?", "Es begann im Mai.", "de")
    assert meets("Quand ?", "C'était en mai.", "fr")
    assert expectation_of("いつですか", Language("ja")) is None
