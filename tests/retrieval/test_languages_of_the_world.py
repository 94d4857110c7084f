"""What a reader of each language would expect of words, sentences and passages."""

from __future__ import annotations

import pytest

from retrieval.analysis import fold, words
from retrieval.articles import Article, Span
from retrieval.languages import ENGLISH, Language, language_of
from retrieval.segmentation import passages, sentences

ARABIC, CHINESE, GERMAN, HINDI, JAPANESE, KOREAN, PERSIAN, RUSSIAN, SPANISH, THAI = map(
    Language, ("ar", "zh", "de", "hi", "ja", "ko", "fa", "ru", "es", "th")
)


def stems(text: str, language: Language) -> list[str]:
    return [word.removeprefix(f"{language.code}:") for word in words(text, language)]


@pytest.mark.parametrize(
    ("language", "written", "asked"),
    [
        (ARABIC, "كَتَبَ الرَّجُلُ الرسالةَ", "كتب الرجل الرسالة"),
        (ARABIC, "المــدرســة", "المدرسة"),
        (ARABIC, "أحمد إسلام آمن", "احمد اسلام امن"),
        (ARABIC, "والمدرسة", "مدرسة"),
        (ARABIC, "عام ٢٠١٤", "عام 2014"),
        (PERSIAN, "کتاب ایرانی", "كتاب ايراني"),
        (HINDI, "सन् २०१४", "सन् 2014"),
        (JAPANESE, "ﾄﾘﾎﾟﾘ", "トリポリ"),
        (CHINESE, "ＧＤＰ增长", "GDP增长"),
        (KOREAN, "수도는", "수도"),
        (KOREAN, "트리폴리이다", "트리폴리"),
        (SPANISH, "Los niños corrían rápidamente", "ninos corrian rapidamente"),
        (GERMAN, "Häuser", "Haus"),
        (GERMAN, "STRASSE", "Straße"),
        (RUSSIAN, "Ещё столицы", "еще столица"),
        (RUSSIAN, "ливийский", "ливийского"),
    ],
)
def test_a_word_is_found_however_it_is_written(
    language: Language, written: str, asked: str
) -> None:
    assert set(stems(asked, language)) <= set(stems(written, language))
    assert stems(asked, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        (JAPANESE, "パリ", "バリ"),  # Paris and Bali
        (JAPANESE, "かき", "かぎ"),  # persimmon and key
        (HINDI, "क्रम", "करम"),  # order and deed
        (HINDI, "सड़क", "सडक"),
        (THAI, "มา", "ม้า"),  # to come and a horse
        (THAI, "เสือ", "เสื้อ"),  # tiger and shirt
        (RUSSIAN, "мой", "мои"),
    ],
)
def test_a_mark_that_makes_another_word_counts(language: Language, one: str, other: str) -> None:
    assert fold(one) != fold(other)
    assert stems(one * 2, language) != stems(other * 2, language)


@pytest.mark.parametrize(
    ("language", "question", "left"),
    [
        (ARABIC, "ما هي عاصمة ليبيا؟", ["عاصم", "ليبي"]),
        (HINDI, "लीबिया की राजधानी क्या है?", ["लीबिय", "राजधान"]),
        (SPANISH, "¿Cuál es la capital de Libia?", ["capital", "libi"]),
        (GERMAN, "Was ist die Hauptstadt von Libyen?", ["hauptstadt", "liby"]),
        (CHINESE, "为什么增长", ["增长"]),
        (CHINESE, "目的是什么", ["目的", "的是"]),
        (JAPANESE, "首都はどこですか", ["首都", "都は"]),
        (THAI, "ใครหนี", ["หนี"]),
    ],
)
def test_words_that_only_ask_do_not_count(
    language: Language, question: str, left: list[str]
) -> None:
    assert stems(question, language) == left


def test_thai_is_cut_between_letters_not_between_a_letter_and_its_vowel() -> None:
    assert stems("ตริโปลี", THAI) == ["ตริ", "ริโ", "โป", "ปลี"]


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        (CHINESE, "它位于海边！人口超过百万吗？2014年，增长了3.5%。", 3),
        (JAPANESE, "首都はトリポリです。人口は百万人を超えますか？はい！", 3),
        (ARABIC, "طرابلس هي العاصمة. أين تقع؟ على ساحل البحر!", 3),
        (HINDI, "त्रिपोली राजधानी है। क्या वह तट पर है? हाँ!", 3),
        (KOREAN, "수도는 트리폴리이다. 연안에 있는가? 그렇다!", 3),
        (SPANISH, "El Sr. García llegó a las 8 p.m. a casa. ¿Quién más? ¡Nadie!", 3),
        (GERMAN, "Dr. Müller kam am 3. Oktober an, z. B. mit dem Zug. Wer noch?", 2),
    ],
)
def test_sentences_end_where_a_reader_says(language: Language, text: str, parts: int) -> None:
    found = [sentence.span.of(text) for sentence in sentences(text, Span(0, len(text)), language)]
    assert len(found) == parts, found


def test_thai_has_no_marks_so_its_sentences_are_what_stands_between_spaces() -> None:
    text = CLAUSES.strip()
    found = [sentence.span.of(text) for sentence in sentences(text, Span(0, len(text)))]
    assert found == [
        "ลิเบียเป็นประเทศในแอฟริกาเหนือ",
        "เมืองหลวงคือตริโปลี มีประชากรกว่า 1,000,000 คน",
    ]


CLAUSES = "ลิเบียเป็นประเทศในแอฟริกาเหนือ เมืองหลวงคือตริโปลี มีประชากรกว่า 1,000,000 คน "


def test_a_long_thai_paragraph_is_cut_at_the_spaces_between_clauses() -> None:
    text = (CLAUSES * 30).strip()
    found = [passage.span for passage in passages(Article(id="a", title="t", text=text))]
    assert len(found) == 3
    assert all(len(span) <= 1000 for span in found)
    assert all(text[span.end : span.end + 1].strip() == "" for span in found)


def test_a_long_thai_paragraph_without_spaces_is_not_cut_inside_a_letter() -> None:
    text = CLAUSES.replace(" ", "") * 30
    found = [passage.span for passage in passages(Article(id="a", title="t", text=text))]
    assert all(len(span) <= 1000 for span in found)
    assert "".join(span.of(text) for span in found) == text
    assert not any(
        text[span.start] in "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e48\u0e49" for span in found
    )


@pytest.mark.parametrize(
    ("code", "question"),
    [
        ("es", "¿Quién es Haftar?"),
        ("es", "¿Por qué?"),
        ("de", "Warum hat der General die Stadt angegriffen?"),
        ("fr", "Pourquoi le général a-t-il attaqué la ville ?"),
        ("ru", "Где Триполи?"),
        ("zh", "谁是哈夫塔尔"),
        ("hi", "हफ़्तार कौन है?"),
        ("ar", "من هو حفتر؟"),
    ],
)
def test_a_question_in_another_language_than_the_corpus_is_known_as_such(
    code: str, question: str
) -> None:
    assert language_of(question, [ENGLISH]).code == code
    assert language_of(question, [ENGLISH, ARABIC, CHINESE]).code == code
    assert language_of(question, [ENGLISH, Language(code)]).code == code


@pytest.mark.parametrize(
    "question",
    [
        "Rio de Janeiro",
        "Deutsche Bank",
        "Guten Tag Ramon",
        "Champs-Elysees",
        "Who wrote Les Misérables?",
        "How are ergänzungsschulen funded?",
        "What is Chikungunya virus?",
        "haftr",
        "bengazi haftr ofensive",
        "LNA GNA",
    ],
)
def test_names_and_slips_do_not_make_a_question_foreign(question: str) -> None:
    assert language_of(question, [ENGLISH]) == ENGLISH


@pytest.mark.parametrize("code", ["my", "lo", "xx"])
def test_a_language_that_cannot_be_recognised_may_still_be_expected(code: str) -> None:
    assert language_of("Где Триполи?", [Language(code), ENGLISH]) == RUSSIAN
    assert language_of("Who?", [Language(code), ENGLISH]) in {ENGLISH, Language(code)}
