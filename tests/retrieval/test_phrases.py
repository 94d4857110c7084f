"""Sentences that can be said in other languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import ArticleError
from retrieval.phrases import (
    Phrase,
    all_of,
    any_of,
    from_message,
    from_text,
    joined,
    phrase,
    phrases,
    to_message,
    to_text,
)

VALUES = st.recursive(
    st.text() | st.integers(-(10**9), 10**9),
    lambda inner: st.builds(lambda value: phrase("In {what}.", what=value), inner),
    max_leaves=3,
)


def like(one: object, other: object) -> bool:
    """Whether two texts are the same phrases, all the way down."""
    if not (isinstance(one, Phrase) and isinstance(other, Phrase)):
        return one == other and not isinstance(one, Phrase) and not isinstance(other, Phrase)
    return (
        (one, one.template, one.many, one.number)
        == (other, other.template, other.many, other.number)
        and one.values.keys() == other.values.keys()
        and all(like(value, other.values[name]) for name, value in one.values.items())
    )


def test_a_phrase_is_its_english_text() -> None:
    assert phrase("{name} holds {count} bytes.", name="a", count=12345) == "a holds 12,345 bytes."


def test_a_count_chooses_the_sentence() -> None:
    assert phrases("{count} line", "{count} lines", 1) == "1 line"
    assert phrases("{count} line", "{count} lines", 0) == "0 lines"


def test_what_is_neither_text_nor_number_is_shown_as_text() -> None:
    assert phrase("In {folder}.", folder=Path("a/b")) == "In a/b."


@given(VALUES)
def test_a_phrase_arrives_as_it_was(value: str | int) -> None:
    sent = phrase("Said: {what}.", what=value)
    assert like(from_message(json.loads(json.dumps(to_message(sent)))), sent)
    assert like(from_text(to_text(sent)), sent)


@given(st.text())
def test_so_does_any_other_text(text: str) -> None:
    assert like(from_text(to_text(text)), text)
    assert like(from_message(to_message(text)), text)


@pytest.mark.parametrize(
    "message",
    [
        None,
        1,
        [],
        {},
        {"phrase": "a"},
        {"phrase": 1, "many": "", "count": 1, "values": {}},
        {"phrase": "a", "many": "", "count": True, "values": {}},
        {"phrase": "a", "many": "", "count": 1, "values": []},
        {"phrase": "a", "many": "", "count": 1, "values": {"b": None}},
    ],
)
def test_what_is_no_phrase_is_refused(message: object) -> None:
    with pytest.raises(ValueError, match="no "):
        from_message(message)
    stored = '{"phrase": ' + json.dumps(message) + "}"
    assert from_text(stored) == stored


def test_phrases_nested_without_end_are_refused() -> None:
    message: object = "x"
    for _ in range(50):
        message = {"phrase": "{a}", "many": "", "count": 1, "values": {"a": message}}
    with pytest.raises(ValueError, match="no phrase"):
        from_message(message)


def test_the_text_of_an_error_is_a_phrase_with_all_its_sentences() -> None:
    error = ArticleError("a", phrase("{name} is empty.", name="a"), remedy=phrase("Write into it."))
    text = str(error)
    assert text == "a is empty. Write into it."
    assert isinstance(text, Phrase)
    assert [str(value) for value in text.values.values()] == ["a is empty.", "Write into it."]


def test_things_are_listed_as_people_do() -> None:
    assert all_of(["a"]) == "a"
    assert all_of(["a", "b"]) == "a and b"
    assert any_of(["a", "b", "c"]) == "a, b or c"
    assert joined(["", "A.", "", "B."]) == "A. B."
    assert joined([]) == ""
