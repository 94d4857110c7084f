from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.languages import ENGLISH, Language, language_of
from tests.strategies import texts

ARABIC, GERMAN, JAPANESE = Language("ar"), Language("de"), Language("ja")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "The general launched an offensive against the militia in the city."),
        ("de", "Der General hat in der Stadt eine Offensive gegen die Miliz begonnen."),
        ("fr", "Le général a lancé une offensive contre la milice dans la ville."),
        ("ru", "Генерал начал наступление против ополчения в городе."),
        ("ar", "شن اللواء هجوما على الميليشيات في المدينة قبل أسبوعين."),
        ("ja", "将軍は二週間前にその町で民兵に対する攻撃を始めた。"),
        ("zh", "将军两周前在城里对民兵发动了攻击。"),
        ("ko", "장군은 도시에서 민병대에 대한 공격을 시작했다."),
        ("th", "นายพลเริ่มโจมตีกองกำลังในเมือง"),
        ("he", "הגנרל פתח במתקפה על המיליציה בעיר."),
        ("el", "Ο στρατηγός ξεκίνησε επίθεση στην πόλη."),
    ],
)
def test_a_sentence_tells_its_language(code: str, text: str) -> None:
    assert language_of(text).code == code


@pytest.mark.parametrize("text", ["", "42", "?!", "perro", "👍"])
def test_what_is_too_short_to_tell_is_english(text: str) -> None:
    assert language_of(text) == ENGLISH


@pytest.mark.parametrize(
    "question",
    [
        "Haftar?",
        "Operation Dignity",
        "Ansar al Sharia leader Mohammed al-Zahawi",
        "Ambassador Christopher Stevens",
        "Mohammed al-Hijazi spokesman",
    ],
)
def test_names_do_not_lead_a_question_away_from_the_corpus(question: str) -> None:
    assert language_of(question, [ENGLISH]) == ENGLISH
    assert language_of(question, [ARABIC, ENGLISH]) == ENGLISH
    assert language_of(question, [ARABIC, JAPANESE]) == ENGLISH


def test_among_likely_languages_the_words_decide() -> None:
    assert language_of("Wer hat die Stadt angegriffen?", [ENGLISH, GERMAN]) == GERMAN
    assert language_of("Who has attacked the town?", [ENGLISH, GERMAN]) == ENGLISH


def test_a_script_settles_it_whatever_is_likely() -> None:
    assert language_of("攻撃はいつですか", [ENGLISH]) == JAPANESE


def test_some_kana_among_chinese_characters_is_japanese() -> None:
    assert language_of("民兵攻撃開始した") == JAPANESE


def test_a_language_knows_whether_it_puts_spaces_between_words() -> None:
    assert ENGLISH.spaced
    assert not JAPANESE.spaced


@given(texts, st.lists(st.sampled_from([ENGLISH, ARABIC, GERMAN, JAPANESE])))
def test_any_text_has_one(text: str, likely: list[Language]) -> None:
    assert len(language_of(text, likely).code) == 2


@given(texts)
def test_the_order_of_likely_languages_does_not_matter(text: str) -> None:
    assert language_of(text, [GERMAN, ENGLISH]) == language_of(text, [ENGLISH, GERMAN])
