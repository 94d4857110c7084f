"""Text of others shows its words in Discord and does nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rendering.blockquote import block_quote
from bot.rendering.sanitize import escape, inline, one_line, plain, shown, units
from retrieval.articles import Span
from tests.bot.discord_markdown import kinds, read_line, shown_words, words
from tests.bot.texts import TRAPS, hostile_texts


@pytest.mark.parametrize("trap", TRAPS)
def test_nothing_in_a_quote_has_a_meaning_for_discord(trap: str) -> None:
    for text in (trap, f"before {trap} after", f"{trap}{trap}"):
        for line in block_quote(text).split("\n"):
            assert kinds(read_line(line.removeprefix("> "))) <= {"text"}


@given(hostile_texts(), st.data())
def test_a_quote_shows_the_articles_words_the_right_ones_in_bold(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    lines = block_quote(text, [Span(start, end)]).split("\n")
    assert all(line.startswith("> ") for line in lines)
    tokens = [token for line in lines for token in read_line(line.removeprefix("> "))]
    assert kinds(tokens) <= {"text", "bold"}
    assert shown_words(tokens) == words(text)
    assert shown_words(tokens, "bold") == words(text[start:end])


@given(hostile_texts())
def test_no_line_of_a_quote_leaves_direction_marks_open(text: str) -> None:
    for line in block_quote(text).split("\n"):
        marks = [character for character in line if character in "\u202a\u202b\u202d\u202e\u202c"]
        assert not marks
        assert line.count("\u2068") == line.count("\u2069") <= 1


@given(hostile_texts())
def test_what_is_sent_can_be_encoded(text: str) -> None:
    block_quote(text).encode("utf-8")
    inline(text, 100).encode("utf-8")


def test_ordinary_prose_is_sent_as_it_is() -> None:
    text = 'The May 16 offensive, dubbed "Operation Dignity" -- at 2 a.m. (local time): 40% of it.'
    assert escape(text) == text


def test_words_from_right_to_left_are_shut_in() -> None:
    assert block_quote("שלום") == "> \u2068שלום\u2069"
    assert inline("مرحبا", 50) == "\u2068مرحبا\u2069"
    assert inline("hello", 50) == "hello"


def test_highlights_that_touch_are_one_bold_stretch() -> None:
    assert block_quote("One.Two.", [Span(0, 4), Span(4, 8)]) == "> **One.Two.**"


def test_bold_goes_on_over_a_line_break() -> None:
    assert block_quote("a one\ntwo b", [Span(2, 9)]) == "> a **one**\n> **two** b"


def test_a_missing_part_is_marked() -> None:
    assert block_quote("words", cut_before=True, cut_after=True) == "> […] words […]"


@given(hostile_texts(), st.integers(8, 300))
def test_a_line_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    for made in (inline(text, limit), plain(text, limit)):
        assert units(made) <= limit
        assert "\n" not in made


@given(hostile_texts(4))
def test_the_bot_reads_its_own_markdown_back(text: str) -> None:
    assert words(shown(inline(text, 2000))) == words(one_line(text))


def test_a_cut_tears_neither_accents_nor_emoji_apart() -> None:
    family = "👩‍👩‍👧‍👦"
    for limit in range(8, 40):
        cut = plain(family * 10, limit).removesuffix("…")
        assert not cut.endswith("\u200d")
        cut = plain("e\u0301" * 40, limit).removesuffix("…")
        assert not cut or unicodedata.combining(cut[-1])
