"""What an answer looks like as a message of components, and as an ordinary one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.discord.reply import ANSWER_COLOUR, ASIDE_COLOUR
from bot.rendering.layout import Buttons, answer_layout, answer_message
from bot.rendering.sanitize import units
from retrieval.answers import Answer, Quote, Source, Timings
from tests.bot.discord_markdown import kinds, read_line, shown_words, words
from tests.bot.layout.items import every_button
from tests.bot.layout.sending import (
    all_text,
    assert_discord_takes,
    assert_inert,
    components_of,
    quoted_lines,
    texts,
    tokens_of,
)
from tests.bot.texts import answer, article, hostile_quotes, hostile_texts, no_answer, quote

SENTENCE = "The offensive was dubbed Operation Dignity by its leader."
SHORT = f"It began in May. {SENTENCE} It goes on."
THRESHOLD = 0.25
ON_THE_WEB = article("x", url="https://example.org/a(b)?" + "q=1&" * 60)


@st.composite
def hostile_answers(draw: st.DrawFn) -> Answer:
    """An answer of the nastiest quotes, some of them printed in many places."""
    found = draw(st.lists(hostile_quotes(), max_size=4))
    quotes = tuple(
        replace(
            made,
            article=replace(made.article, url=draw(st.sampled_from((None, ON_THE_WEB.url)))),
            also_in=tuple(Source(made.article, 3, 4) for _ in range(draw(st.integers(0, 4)))),
        )
        for made in found
    )
    is_answered = draw(st.booleans()) and bool(quotes)
    return Answer(
        question=draw(hostile_texts() | st.sampled_from(("x" * 2000, "*" * 2000, "😀" * 2000))),
        answered=is_answered,
        confidence=draw(st.floats(0, 1)),
        quotes=quotes if is_answered else (),
        nearest=() if is_answered else quotes,
        passages=(),
        took_ms=Timings(1, 1, 1, 3),
        follows=draw(st.none() | hostile_texts(40)),
        read_as=draw(st.none() | hostile_texts(40)),
    )


@given(hostile_answers(), st.booleans(), st.booleans())
@settings(max_examples=25)
def test_discord_takes_every_answer_and_nothing_in_it_does_anything(
    made: Answer, noted: bool, has_buttons: bool
) -> None:
    buttons = every_button() if has_buttons else None
    view = answer_layout(made, threshold=THRESHOLD, buttons=buttons, noted=noted)
    assert_discord_takes(view)
    for text in texts(view):
        assert_inert(text)


@given(hostile_answers(), st.booleans())
@settings(max_examples=25)
def test_an_ordinary_message_holds_every_answer_and_shows_no_previews(
    made: Answer, noted: bool
) -> None:
    text, _ = answer_message(made, threshold=THRESHOLD, noted=noted)
    assert units(text) <= 2000
    assert bool(list(quoted_lines(text))) == bool(made.quotes or made.nearest)
    assert text.strip() or not made.question.strip()
    assert_inert(text, quiet=True)


@given(hostile_quotes())
@settings(max_examples=25)
def test_every_word_in_a_quote_is_the_articles_and_in_its_order(hostile: Quote) -> None:
    view = answer_layout(answer(hostile), threshold=THRESHOLD)
    tokens = [token for line in quoted_lines(all_text(view)) for token in read_line(line)]
    parts = [part for part in shown_words(tokens).split("[…]") if part]
    assert "".join(parts) in words(hostile.text).replace("[…]", "")
    bold = shown_words(tokens, "bold")
    said = words(hostile.highlights[0].of(hostile.article.text))
    assert bold or not any(character.isprintable() for character in said)
    assert bold in said


@given(st.lists(hostile_quotes(), min_size=1, max_size=3), hostile_texts())
@settings(max_examples=20)
def test_as_many_quotes_are_shown_as_there_are(quotes: Sequence[Quote], question: str) -> None:
    made = answer(*quotes, question=question[:2000])
    view = answer_layout(made, threshold=THRESHOLD)
    assert sum("\n-# " in text and text.startswith("> ") for text in texts(view)) == len(quotes)


def test_an_answer_shows_question_certainty_quote_and_source_in_this_order() -> None:
    made = quote(
        SHORT,
        SENTENCE,
        title="Benghazi",
        author="Jason Hanna",
        published="2014-06-02",
        url="https://example.org/a",
    )
    asked = answer(made, question="What is it *called*?")
    assert texts(answer_layout(asked, threshold=THRESHOLD)) == [
        "**What is it \\*called\\*?**",
        "-# Sure",
        f"> It began in May. **{SENTENCE}** It goes on.\n"
        "-# Benghazi · CNN · Jason Hanna · 2014-06-02 · paragraph 1 · "
        "[open at these words](https://example.org/a#:~:text="
        "The%20offensive%20was%20dubbed%20Operation%20Dignity%20by%20its%20leader)",
    ]


def test_the_colour_tells_an_answer_from_none() -> None:
    (found,) = components_of(answer_layout(answer(quote(SHORT)), threshold=THRESHOLD))
    (none,) = components_of(answer_layout(no_answer(quote(SHORT)), threshold=THRESHOLD))
    assert (found["accent_color"], none["accent_color"]) == (ANSWER_COLOUR, ASIDE_COLOUR)


def test_notes_say_how_the_question_was_understood() -> None:
    made = replace(answer(quote(SHORT), follows="Who leads it?"), read_as="What offensive?")
    shown = texts(answer_layout(made, threshold=THRESHOLD))
    assert shown[1:3] == [
        "-# Understood with your earlier question: “**Who leads it?**”",
        "-# Read as: “What offensive?”",
    ]


def test_quotes_are_parted_by_lines() -> None:
    (container,) = components_of(
        answer_layout(answer(quote("One."), quote("Two.")), threshold=THRESHOLD)
    )
    kinds_of_components = [component["type"] for component in container["components"]]
    assert kinds_of_components == [10, 10, 14, 10, 14, 10]


def test_other_places_of_the_same_words_are_named_and_the_rest_counted() -> None:
    made = quote(SHORT, SENTENCE)
    made = replace(made, also_in=tuple(Source(made.article, n, n) for n in range(1, 5)))
    shown = texts(answer_layout(answer(made), threshold=THRESHOLD))[-1]
    assert shown.split("\n")[2:] == [
        "-# Also in: A title · CNN · page 1 · paragraph 1",
        "-# Also in: A title · CNN · page 2 · paragraph 2",
        "-# and in 2 more places",
    ]


def test_a_long_quote_leaves_a_short_one_whole() -> None:
    long = quote(" ".join(f"Sentence number {n} fills a long paragraph." for n in range(200)))
    first, second = texts(answer_layout(answer(long, quote(SHORT)), threshold=THRESHOLD))[-2:]
    assert "-# Shortened: the whole paragraph has" in first
    assert units(first) > 2500
    assert "Shortened" not in second


def test_without_an_answer_it_says_so_and_what_it_shows_is_labelled() -> None:
    made = no_answer(quote(SHORT, SENTENCE))
    shown = texts(answer_layout(made, threshold=THRESHOLD))
    assert shown[1].startswith("The articles do not answer that. The nearest passages")
    assert shown[2].startswith("-# Nearest passage, not an answer\n> ")
    assert "**" not in shown[2]
    assert "Sure" not in all_text(answer_layout(made, threshold=THRESHOLD))


def test_without_an_answer_it_names_what_could_be_asked_about() -> None:
    text = f"## The offensive ##\n\n{SHORT}"
    near = quote(text, SENTENCE)
    near = replace(near, paragraph=2, span=replace(near.span, start=text.index("It began")))
    shown = texts(answer_layout(no_answer(near), threshold=THRESHOLD))
    assert shown[-1] == "Ask about: The offensive"


def test_without_anything_near_it_says_only_that() -> None:
    assert texts(answer_layout(no_answer(), threshold=THRESHOLD)) == [
        "**What?**",
        "The articles do not answer that.",
    ]


def test_it_says_where_the_question_went_only_where_it_is_told_so() -> None:
    noted = "-# I put your question on this server’s list for those who add articles."
    told = answer_layout(no_answer(), threshold=THRESHOLD, noted=True)
    assert texts(told)[-1] == noted
    assert noted not in texts(answer_layout(answer(quote("x")), threshold=THRESHOLD, noted=True))


@pytest.mark.parametrize("how_many", [1, 2, 3])
def test_each_quote_has_its_button_beside_it_and_the_others_stand_below(how_many: int) -> None:
    made = answer(*(quote(f"Sentence {number}.") for number in range(how_many)))
    view = answer_layout(made, threshold=THRESHOLD, buttons=every_button())
    assert_discord_takes(view)
    (container,) = components_of(view)
    beside = [c["accessory"]["label"] for c in container["components"] if c["type"] == 9]
    assert beside == [f"context {number}" for number in range(how_many)]
    below = [
        [button["label"] for button in row["components"]]
        for row in container["components"]
        if row["type"] == 1
    ]
    assert below == [["more", "follow up", "👍", "👎", "share"], ["tell", "delete"]]


def test_only_the_buttons_that_are_given_are_shown() -> None:
    made = answer(quote("One."))
    buttons = Buttons(more=lambda: ui.Button(label="more", custom_id="more"))
    view = answer_layout(made, threshold=THRESHOLD, buttons=buttons)
    (row,) = [c for c in view.walk_children() if isinstance(c, ui.ActionRow)]
    assert len(row.children) == 1


def test_an_answer_waits_for_nothing() -> None:
    view = answer_layout(answer(quote("One.")), threshold=THRESHOLD, buttons=every_button())
    assert view.timeout is None


def test_a_line_in_arabic_keeps_its_facts_apart() -> None:
    made = quote("بدأ الهجوم في مايو.", title="الهجوم", author="علي")
    shown = texts(answer_layout(answer(made), threshold=THRESHOLD))[-1]
    assert shown == (
        "> \u2068بدأ الهجوم في مايو.\u2069\n"
        "-# \u2068الهجوم\u2069 · CNN · \u2068علي\u2069 · paragraph 1"
    )


@pytest.mark.parametrize(
    "text",
    [
        "| Year | Name |\n|------|------|\n| 1851 | Norwick |",
        "```python\nprint('**x**')\n```",
        "It says ||spoiler|| and :smile: <:a:123456789012345678> <t:1700000000:R>.",
        "# Heading\n-# small\n> quote\n>>> all\n1. one\n2) two\n- three",
        "See [this](https://evil.example) or https://evil.example @everyone <@1>.",
    ],
)
def test_what_looks_like_markdown_in_an_article_is_read_as_it_stands_there(text: str) -> None:
    view = answer_layout(answer(quote(text)), threshold=THRESHOLD)
    lines = list(quoted_lines(all_text(view)))
    assert all(kinds(read_line(line)) <= {"text"} for line in lines)
    assert [shown_words(read_line(line)) for line in lines] == [
        words(line) for line in text.split("\n")
    ]


def test_the_ordinary_message_has_the_same_parts() -> None:
    made = quote(SHORT, SENTENCE, url="https://example.org/a.pdf")
    made = replace(made, article=replace(made.article, pages=(0,)))
    text, _ = answer_message(answer(made), threshold=THRESHOLD)
    assert text == (
        "**What?**\n"
        "-# Sure\n"
        f"> It began in May. **{SENTENCE}** It goes on.\n"
        "-# A title · CNN · page 1 · paragraph 1 · "
        "[open at this page](<https://example.org/a.pdf#page=1>)"
    )


def test_a_question_of_any_length_leaves_room_for_a_quote() -> None:
    made = answer(quote(SHORT, SENTENCE), question="Why? " * 400)
    for text in (
        answer_message(made, threshold=THRESHOLD)[0],
        all_text(answer_layout(made, threshold=THRESHOLD)),
    ):
        bold = [shown_words(tokens_of(line), "bold") for line in text.split("\n")]
        assert words(SENTENCE) in bold
