from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import ArticleError
from retrieval.readers.text import beginning, decode

WRITTEN = {
    "de": "Die Kämpfe begannen früh am Morgen. Über zwanzig Menschen wurden verletzt.",
    "fr": "Les combats ont commencé à l’aube. Plus de vingt personnes ont été blessées, élève.",
    "es": "Los combates comenzaron al amanecer. ¿Cuántos heridos? Señaló que más de veinte.",
    "en": "The “quote” isn’t here – it said. It was an ordinary sentence with curly quotes.",
    "pl": "Walki rozpoczęły się o świcie. Ponad dwadzieścia osób zostało rannych. Źródło: żółć.",
    "cs": "Boje začaly za úsvitu. Více než dvacet lidí bylo zraněno, řekl starosta.",
    "hu": "A harcok hajnalban kezdődtek. Több mint húsz ember megsérült, közölte a polgármester.",
    "tr": "Çatışmalar şafakta başladı. Belediye başkanı yirmiden fazla kişinin yaralandığını.",
    "lt": "Mūšiai prasidėjo auštant. Daugiau nei dvidešimt žmonių buvo sužeista, sakė meras.",
    "ru": "Бои начались на рассвете. Более двадцати человек были ранены, сообщил мэр города.",
    "el": "Οι μάχες άρχισαν την αυγή. Πάνω από είκοσι άτομα τραυματίστηκαν, δήλωσε ο δήμαρχος.",
    "he": "הקרבות החלו עם שחר. יותר מעשרים בני אדם נפצעו, אמר ראש העיר.",
    "ar": "بدأ القتال عند الفجر. وقال رئيس البلدية إن أكثر من عشرين شخصا أصيبوا.",
    "th": "การสู้รบเริ่มขึ้นตอนรุ่งสาง นายกเทศมนตรีกล่าวว่ามีผู้ได้รับบาดเจ็บกว่ายี่สิบคน",
    "ja": "戦闘は夜明けに始まった。二十人以上が負傷したと市長は述べた。カタカナとひらがな。",
    "zh": "战斗在黎明开始。市长说，超过二十人受伤。这是一个关于城市的故事。",
    "tw": "戰鬥在黎明開始。市長說，超過二十人受傷。這是一個關於城市的故事。",
    "ko": "전투는 새벽에 시작되었다. 시장은 스무 명 이상이 부상했다고 말했다.",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        *((language, "cp1252") for language in ("de", "fr", "es", "en")),
        *((language, "cp1250") for language in ("pl", "cs", "hu")),
        *((language, "iso8859-2") for language in ("pl", "cs", "hu")),
        ("tr", "cp1254"),
        ("lt", "cp1257"),
        ("ru", "cp1251"),
        ("ru", "koi8-r"),
        ("el", "cp1253"),
        ("el", "iso8859-7"),
        ("he", "cp1255"),
        ("ar", "cp1256"),
        ("th", "cp874"),
        ("ja", "shift_jis"),
        ("ja", "euc_jp"),
        ("zh", "gb18030"),
        ("tw", "big5"),
        ("ko", "euc_kr"),
    ],
)
def test_the_encodings_before_utf_8_are_told_by_the_language(language: str, encoding: str) -> None:
    text = WRITTEN[language] + "\r\n" + WRITTEN[language]
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ["", "Text", "wörter\r\nund \U0001f600 mehr\r"])
def test_a_byte_order_mark_tells_the_encoding_and_is_no_text(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), "a.txt") == text


@pytest.mark.parametrize(
    "content",
    [
        "für".encode("latin-1"),
        b"\xed\xa0\x80 half a pair",
        b"a\xff",
        bytes(range(128, 256)) * 8,
        "text".encode("utf-16") + b"\x00",
        "Kämpfe früh".encode("utf-16") + b"\x00\xd8",
    ],
)
def test_where_too_little_speaks_for_an_encoding_none_is_guessed(content: bytes) -> None:
    with pytest.raises(ArticleError, match=r"Save it as UTF-8\.") as caught:
        decode(content, "a.txt")
    assert caught.value.name == "a.txt"


@pytest.mark.parametrize("content", [b"text\0text", b"%PDF\x00\x01", "a\0b".encode("utf-16")])
def test_what_holds_zero_bytes_is_no_text(content: bytes) -> None:
    with pytest.raises(ArticleError, match="not a text file"):
        decode(content, "a.txt")


def test_a_few_broken_bytes_are_marked_and_cost_nothing_else() -> None:
    text = "Größere Städte, ähnliche Völker. " * 20
    content = text.encode()
    damaged = content[:200] + b"\xff" + content[200:] + "ü".encode()[:1]
    assert decode(damaged, "a.txt").replace("\ufffd", "") == text
    assert decode(damaged, "a.txt", "windows-1252").replace("\ufffd", "") == text


def test_a_declared_encoding_is_believed_where_it_is_not_utf_8() -> None:
    assert decode("für".encode("latin-1"), "a", "ISO-8859-1") == "für"
    assert decode(b"\x93a\x94", "a", "us-ascii") == "“a”"
    assert decode("Źródło".encode("iso8859-2"), "a", "iso-8859-2") == "Źródło"
    assert decode("für".encode(), "a", "ISO-8859-1") == "für"
    content = WRITTEN["zh"].encode("gb18030") * 10 + b"\xff"
    assert decode(content, "a", "gb2312") == WRITTEN["zh"] * 10 + "\ufffd"


@pytest.mark.parametrize(
    "declared",
    ["", "nonsense", "hex", "zlib", "rot13", "utf-16le", "unicode_escape", "idna", "\0", "ü" * 99],
)
def test_a_declaration_that_is_none_does_no_harm(declared: str) -> None:
    text = WRITTEN["de"]
    assert decode(text.encode("cp1252"), "a", declared) == text


@given(st.text().filter(lambda text: "\0" not in text))
def test_utf_8_is_read_to_the_last_character(text: str) -> None:
    assert decode(text.encode(), "a") == text.removeprefix("\ufeff")


@given(st.binary(max_size=300), st.sampled_from(["", "\ufeff"]), st.none() | st.text(max_size=20))
def test_any_bytes_are_text_that_can_be_written_or_an_error(
    content: bytes, mark: str, declared: str | None
) -> None:
    for encoding in ("utf-8", "utf-16", "utf-32"):
        marked = mark.encode(encoding) + content if mark else content
        beginning(marked).encode()
        with contextlib.suppress(ArticleError):
            text = decode(marked, "a", declared)
            assert "\0" not in text
            text.encode()
