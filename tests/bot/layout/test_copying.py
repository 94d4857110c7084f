"""An answer that is shown once more is the same, word for word."""

from __future__ import annotations

from typing import Any

from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.layout import answer_layout, question_of
from bot.rendering.layout.copying import copy_of
from retrieval.answers import Quote
from tests.bot.layout.items import Press, every_button
from tests.bot.layout.sending import assert_discord_takes, message, sent, texts
from tests.bot.texts import answer, hostile_quotes, hostile_texts, no_answer, quote

NOTE = "Shared by <@12345678901234567890>"


def again(custom_id: str) -> ui.Item[Any] | None:
    kind, _, name = custom_id.partition(":")
    return Press(name) if kind == "press" else None


@given(st.lists(hostile_quotes(), max_size=4), hostile_texts(), st.booleans())
@settings(max_examples=30)
def test_a_copy_says_the_same_below_its_note(
    quotes: list[Quote], question: str, answered: bool
) -> None:
    made = answer if answered and quotes else no_answer
    first = answer_layout(
        made(*quotes, question=f"x{question}"), threshold=0.4, buttons=every_button()
    )
    copy = copy_of(sent(first), again, note=NOTE, leave_out=lambda id_: id_ == "press:share")
    assert copy is not None
    assert_discord_takes(copy)
    assert texts(copy) == [f"-# {NOTE}", *texts(first)]
    assert question_of(sent(copy)) == question_of(sent(first))


def test_what_is_left_out_is_gone_and_what_is_added_is_there() -> None:
    first = answer_layout(answer(quote("x")), threshold=0.4, buttons=every_button())
    copy = copy_of(
        sent(first),
        again,
        leave_out=lambda id_: id_ == "press:share",
        buttons=[lambda: Press("added")],
    )
    assert copy is not None
    labels = [item.label for item in copy.walk_children() if isinstance(item, ui.Button)]
    assert "share" not in labels
    assert "added" in str([getattr(i, "custom_id", "") for i in copy.walk_children()])


def test_a_message_that_is_no_answer_has_no_copy() -> None:
    assert copy_of(message(components=[]), again) is None
