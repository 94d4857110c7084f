from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from retrieval.errors import QuestionError
from retrieval.questions import MAX_CHARACTERS, clean_question
from tests.strategies import texts


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("  Who is\tHaftar?\r\n", "Who is Haftar?"),
        ("\ufeffWho is \u202eHaftar\u202c?", "Who is Haftar?"),
        ("Who\x00 is\x1b[31m Haftar?", "Who is[31m Haftar?"),
        ("Who is Haf\u00adtar\udcff?", "Who is Haftar?"),
        ("Who\u2028is\u2003Haftar?", "Who is Haftar?"),
        ("می‌خواهم", "می‌خواهم"),
        ("Who is the 👨‍👩‍👧?", "Who is the 👨‍👩‍👧?"),
        ("谁", "谁"),
        ("7", "7"),
    ],
)
def test_a_question_is_asked_on_one_visible_line(typed: str, asked: str) -> None:
    assert clean_question(typed) == asked


@pytest.mark.parametrize(
    "typed",
    ["", "   ", "\n\r\t", "?", "...", "👍", "\x00\x01\x02", "\u200b\u200d", "\ufffd" * 9, "\u0301"],
)
def test_what_holds_no_word_is_no_question(typed: str) -> None:
    with pytest.raises(QuestionError, match=r"no question in that.*Ask in words"):
        clean_question(typed)


def test_the_longest_question_is_asked_and_one_character_more_is_not() -> None:
    assert clean_question("a" * MAX_CHARACTERS) == "a" * MAX_CHARACTERS
    with pytest.raises(QuestionError, match="2,001 characters, at most 2,000"):
        clean_question("a" * (MAX_CHARACTERS + 1))


def test_a_huge_question_is_refused_by_its_length() -> None:
    with pytest.raises(QuestionError, match="100,000 characters"):
        clean_question("why " * 25_000)


@given(texts)
def test_whatever_is_asked_can_be_printed_on_one_line(text: str) -> None:
    try:
        asked = clean_question(text)
    except QuestionError:
        return
    assert asked == " ".join(asked.split())
    assert not {unicodedata.category(c) for c in asked} & {"Cc", "Cs", "Co", "Zl", "Zp"}
    assert clean_question(asked) == asked
    asked.encode("utf-8")
