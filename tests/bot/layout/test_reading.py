"""The bot reads its own messages back, as a conversation that goes on needs it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.rendering.layout import (
    answer_layout,
    answer_message,
    passages_layout,
    question_of,
    turn_of,
)
from bot.rendering.sanitize import ZERO_WIDTH, one_line, units
from retrieval.answers import Answer, Quote
from retrieval.conversation import Turn
from tests.bot.discord_markdown import words
from tests.bot.layout.items import every_button
from tests.bot.layout.sending import message, sent
from tests.bot.texts import answer, hostile_quotes, hostile_texts, no_answer, quote
from tests.loopback.model import COMPONENTS_V2


@given(hostile_texts())
@settings(max_examples=150)
def test_the_question_is_read_back_to_the_letter(question: str) -> None:
    # Any question that is asked comes without characters of no width.
    asked = one_line(question.replace(ZERO_WIDTH, ""))
    view = answer_layout(no_answer(question=question), threshold=0.25)
    assert question_of(sent(view)) == asked
    assert question_of(sent(passages_layout(question, (), {}, 0))) == asked


@given(st.text(alphabet="*_\\`|~>#-:@<[]() \u200ba1", max_size=300))
@settings(max_examples=150)
def test_no_run_of_marks_is_read_back_differently(question: str) -> None:
    view = answer_layout(no_answer(question=question), threshold=0.25)
    assert question_of(sent(view)) == one_line(question.replace(ZERO_WIDTH, ""))


def test_an_ordinary_question_of_the_greatest_length_is_read_back_whole() -> None:
    question = "How long is it? " * 124 + "How long is it?!"
    assert question_of(sent(answer_layout(no_answer(question=question), threshold=0))) == question


def test_of_a_question_that_is_all_marks_its_beginning_is_read_back() -> None:
    question = "Why " + "*" * 1990
    found = question_of(sent(answer_layout(no_answer(question=question), threshold=0)))
    assert found.endswith("…")
    assert question.startswith(found.removesuffix("…"))


@given(hostile_quotes())
@settings(max_examples=40)
def test_the_highlight_is_read_back_as_far_as_it_is_shown(hostile: Quote) -> None:
    highlight = hostile.highlights[0].of(hostile.article.text)
    assume(any(character.isalnum() for character in highlight))  # Of others nothing may be shown.
    turn = turn_of(sent(answer_layout(answer(hostile, quote("Another.")), threshold=0.25)))
    assert turn is not None
    assert words(turn.quoted)
    assert words(turn.quoted) in words(highlight)


def test_a_turn_is_read_back_as_it_was_made() -> None:
    made = answer(
        quote("It began. It was *led* by\nhim.", "It was *led* by\nhim."),
        quote("More.", "More."),
        question="Who led it?",
        follows="What began?",
    )
    view = answer_layout(made, threshold=0.25, buttons=every_button())
    assert turn_of(sent(view)) == Turn("Who led it?", "It was *led* by him.", "What began?")


def test_without_an_answer_nothing_was_quoted() -> None:
    made = no_answer(quote("Near.", "Near."), question="Who?")
    assert turn_of(sent(answer_layout(made, threshold=0.25))) == Turn("Who?")
    assert turn_of(sent_as_text(made)) == Turn("Who?")


@given(
    hostile_texts(),
    st.none() | st.text(alphabet="*_`|>#-\n a1", max_size=20),
    hostile_quotes(),
    st.booleans(),
)
@settings(max_examples=60)
def test_what_was_sent_as_plain_text_is_read_back_as_components_are(
    question: str, earlier: str | None, hostile: Quote, answered: bool
) -> None:
    make = answer if answered else no_answer
    made = make(hostile, quote("Another.", "Another."), question=f"a{question[:100]}")
    made = replace(made, follows=earlier)
    plainly = turn_of(sent_as_text(made))
    whole = turn_of(sent(answer_layout(made, threshold=0.25)))
    assert plainly is not None
    assert whole is not None
    assert (plainly.question, plainly.follows) == (whole.question, whole.follows)
    assert words(plainly.quoted) in words(hostile.highlights[0].of(hostile.article.text))
    assert bool(plainly.quoted) == answered


@given(st.text())
def test_whatever_an_ordinary_message_says_is_read_without_an_error(content: str) -> None:
    turn = turn_of(message(content=content))
    assert turn is None or turn.question


@given(hostile_texts(), hostile_texts())
@settings(max_examples=60)
def test_the_earlier_question_is_read_back_too(question: str, earlier: str) -> None:
    made = answer(quote("x"), question=f"a{question}", follows=f"b{earlier}")
    turn = turn_of(sent(answer_layout(made, threshold=0.25)))
    whole = one_line(f"b{earlier}".replace(ZERO_WIDTH, ""))
    assert turn is not None
    assert turn.follows is not None
    if units(turn.follows) < 120 and not turn.follows.endswith("…"):
        assert turn.follows == whole


def sent_as_text(made: Answer) -> discord.Message:
    text, _ = answer_message(made, threshold=0.25)
    return message(content=text)


TEXT = {"type": 10, "content": "**Bold words**"}
BUTTON = {"type": 2, "style": 1, "label": "x", "custom_id": "x"}


@pytest.mark.parametrize(
    "components",
    [
        [],
        [{**TEXT, "id": 1}],
        [{"type": 17, "id": 1, "components": [{**TEXT, "id": 2}, {"type": 14, "id": 3}]}],
        [{"type": 9, "id": 1, "components": [{**TEXT, "id": 2}], "accessory": {**BUTTON, "id": 3}}],
        [{"type": 1, "id": 1, "components": [{**BUTTON, "id": 2}]}],
        [{"type": 10, "id": 709_000_001, "content": "no question"}],
        [{"type": 10, "id": 709_000_001, "content": "**one** and **two**"}],
        [{"type": 10, "id": 709_000_001, "content": "**open"}],
        [{**BUTTON, "id": 709_000_001}],
        [{"type": 99, "id": 709_000_001}],
    ],
)
def test_a_foreign_message_holds_no_question(components: list[dict[str, Any]]) -> None:
    foreign = message(components=components, flags=COMPONENTS_V2, content="**What?**")
    assert question_of(foreign) == ""
    assert turn_of(foreign) is None


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_stands_in_our_places_is_read_without_an_error(a: str, b: str, c: str) -> None:
    components = [
        {"type": 10, "id": number, "content": content}
        for number, content in ((709_000_001, f"**{a}**"), (709_000_002, b), (709_000_010, c))
    ]
    turn = turn_of(message(components=components, flags=COMPONENTS_V2))
    assert turn is None or turn.question
