from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import QuestionError
from retrieval.function_words import is_clearly_english
from retrieval.languages import ENGLISH, Language, language_of
from retrieval.questions import (
    MAX_CHARACTERS,
    clean_question,
    is_question,
    language_of_question,
)
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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When did it begin", "en"),
        ("It began in May, didn't it?", "en"),
        ("\u00bfY entonces?", "es"),
        ("qu\u00e9 pas\u00f3 all\u00ed", "es"),
        ("Comment s'appelle-t-elle", "fr"),
        ("wann hat das angefangen", "de"),
        ("quando come\u00e7ou", "pt"),
        ("\u0645\u062a\u0649 \u0628\u062f\u0623\u062a", "ar"),
        ("\u0643\u064a\u0641\u061f", "ar"),
        ("\u3044\u3064\u59cb\u307e\u308a\u307e\u3057\u305f\u304b", "ja"),
        ("\u4ec0\u4e48\u65f6\u5019\u5f00\u59cb", "zh"),
    ],
)
def test_a_question_is_known_by_its_mark_or_its_words(text: str, language: str) -> None:
    assert is_question(text, Language(language))


@pytest.mark.parametrize(
    "text", ["", "?!", "It began in May.", "See https://example.org/?q=when", "thanks!", "\x00"]
)
def test_what_asks_nothing_is_no_question(text: str) -> None:
    assert not is_question(text, Language("en"))


GERMAN, SPANISH = Language("de"), Language("es")
LIKE_GERMAN = "Who has the was so in Berlin an der Wand?"


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("What is the name of the offensive?", ENGLISH),
        ("Operation Dignity?", ENGLISH),
        ("Von wem ist der Brief und wann ist er an sie geschrieben worden?", GERMAN),
        ("Kde je to mesto a kto v ňom bol po vojne?", Language("sk")),
        ("攻撃はいつですか", Language("ja")),
    ],
)
def test_a_question_is_in_the_articles_language_unless_it_clearly_is_not(
    question: str, language: Language
) -> None:
    assert language_of_question(question, [ENGLISH]) == language
    assert language_of_question(question, [ENGLISH, SPANISH]) == language


def test_a_question_is_english_at_a_glance_only_where_articles_are() -> None:
    assert is_clearly_english(LIKE_GERMAN)
    assert language_of_question(LIKE_GERMAN, [GERMAN]) == language_of(LIKE_GERMAN, [GERMAN])
    assert language_of_question(LIKE_GERMAN, [GERMAN]) == GERMAN
    assert language_of_question(LIKE_GERMAN, [GERMAN, ENGLISH]) == ENGLISH


@given(st.text(st.sampled_from("qz 12?")))
def test_a_question_without_small_words_is_told_as_any_text_is(question: str) -> None:
    assert language_of_question(question, [ENGLISH]) == language_of(question, [ENGLISH])
