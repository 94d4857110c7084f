from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.analysis import fold, stop_words, tokens, words, written_words
from retrieval.languages import ENGLISH, Language
from tests.strategies import texts

CHINESE, FRENCH, GERMAN, HINDI = map(Language, ("zh", "fr", "de", "hi"))


def stems(text: str, language: Language = ENGLISH) -> list[str]:
    return [word.removeprefix(f"{language.code}:") for word in words(text, language)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Haftar's", "Haftar"),
        ("Haftar’s", "HAFTAR"),
        ("soldiers' bases", "soldier base"),
        ("Gadhafí", "Gadhafi"),
        ("ﬁghting", "fights"),
        ("Ｂｅｎｇｈａｚｉ", "benghazi"),
        ("STRASSE", "straße"),
        ("İstanbul", "istanbul"),
        ("cafe\u0301s", "café"),
    ],
)
def test_words_are_compared_without_their_dress(one: str, other: str) -> None:
    assert stems(one) == stems(other) != []


def test_composed_and_decomposed_accents_are_the_same() -> None:
    text = "Le général a lancé une grève naïve à l'île."
    assert words(unicodedata.normalize("NFD", text), FRENCH) == words(text, FRENCH)


def test_stop_words_do_not_count() -> None:
    assert stems("Who is the general of the army?") == ["general", "armi"]
    assert stems("der General und die Armee", GERMAN) == ["general", "arme"]


def test_a_language_without_stop_words_keeps_all() -> None:
    assert stop_words(Language("xx")) == frozenset()
    assert stems("the army", Language("xx")) == ["the", "army"]


def test_numbers_stay_whole() -> None:
    assert stems("2014, 1,000 and 3.5 percent") == ["2014", "1,000", "3.5", "percent"]
    assert stems("May 16th 2pm") == ["may", "16", "th", "2", "pm"]


def test_scripts_without_spaces_are_cut_into_overlapping_pairs() -> None:
    assert stems("利比亚军", CHINESE) == ["利比", "比亚", "亚军"]
    assert stems("军", CHINESE) == ["军"]
    assert stems("在Benghazi战", CHINESE) == ["在", "benghazi", "战"]


def test_rare_characters_beyond_the_first_plane_are_cut_too() -> None:
    assert stems("𠀀𠀁𠀂", CHINESE) == ["𠀀𠀁", "𠀁𠀂"]


@pytest.mark.parametrize("word", ["हिन्दी", "தமிழ்", "שָׁלוֹם", "مُحَمَّد", "বাংলা"])
def test_vowel_signs_do_not_break_a_word(word: str) -> None:
    assert [span.of(word) for _, span in tokens(word)] == [word]


def test_words_of_two_languages_never_match() -> None:
    assert not set(words("general", ENGLISH)) & set(words("general", GERMAN))


def test_words_come_in_order_and_with_repetitions() -> None:
    assert stems("war, peace, war") == ["war", "peac", "war"]


@given(texts)
def test_each_token_is_at_its_place(text: str) -> None:
    for folded, span in tokens(text):
        assert folded == fold(span.of(text)) != ""
        assert not any(character.isspace() for character in span.of(text))


@given(texts)
def test_every_letter_and_digit_is_in_a_token(text: str) -> None:
    inside = {i for _, span in tokens(text) for i in range(span.start, span.end)}
    assert all(i in inside for i, character in enumerate(text) if character.isalnum())


@given(texts)
def test_every_word_carries_its_language(text: str) -> None:
    for language in (ENGLISH, CHINESE, HINDI):
        assert all(word.startswith(f"{language.code}:") for word in words(text, language))


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_text_has_the_same_words_alone_as_beside_other_scripts(text: str) -> None:
    assert [*written_words(text), "é"] == written_words(text + " é")
