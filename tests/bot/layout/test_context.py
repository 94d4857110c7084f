"""What stands around quoted words."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.layout import context_layout
from retrieval.answers import Quote
from retrieval.articles import Article, Span
from tests.bot.discord_markdown import read_line, shown_words, words
from tests.bot.layout.items import Press
from tests.bot.layout.sending import (
    all_text,
    assert_discord_takes,
    assert_inert,
    quoted_lines,
    texts,
)
from tests.bot.texts import article, hostile_quotes, hostile_texts

PARAGRAPHS = [f"Paragraph {number} says this. It says more." for number in range(1, 8)]
TEXT = "\n\n".join(PARAGRAPHS)


def place_of(words_of_it: str, made: Article) -> Span:
    start = made.text.index(words_of_it)
    return Span(start, start + len(words_of_it))


def test_the_words_stand_in_bold_between_the_paragraphs_around_them() -> None:
    made = article(TEXT, title="Norwick", author="Ann", published="1851")
    view = context_layout(made, place_of("Paragraph 4 says this.", made))
    assert texts(view) == [
        "### Norwick\n-# CNN · Ann · 1851 · paragraphs 3 to 5",
        "-# paragraph 3\n> Paragraph 3 says this. It says more.",
        "-# paragraph 4\n> **Paragraph 4 says this.** It says more.",
        "-# paragraph 5\n> Paragraph 5 says this. It says more.",
    ]


def test_at_either_end_of_an_article_only_what_is_there_is_shown() -> None:
    made = article(TEXT)
    assert len(texts(context_layout(made, place_of("Paragraph 1", made)))) == 3
    assert len(texts(context_layout(made, place_of("Paragraph 7", made), around=2))) == 4
    assert len(texts(context_layout(article("Alone."), Span(0, 5)))) == 2


def test_words_in_two_paragraphs_are_bold_in_both() -> None:
    made = article(TEXT)
    bold = place_of("It says more.\n\nParagraph 3 says this.", made)
    shown = all_text(context_layout(made, bold, around=0))
    assert "**It says more.**" in shown
    assert "**Paragraph 3 says this.**" in shown


def test_pages_are_named() -> None:
    made = replace(article(TEXT), pages=(0, TEXT.index("Paragraph 5")))
    shown = texts(context_layout(made, place_of("Paragraph 4", made)))
    assert shown[2].startswith("-# page 1 · paragraph 4\n")
    assert shown[3].startswith("-# page 2 · paragraph 5\n")


def test_words_that_are_gone_are_said_to_be() -> None:
    made = article("Short.", title="", source=None)
    assert texts(context_layout(made, Span(500, 600))) == [
        "### an-article",
        "These words are no longer in the article.",
    ]


def test_of_a_long_paragraph_before_the_end_is_shown_and_of_one_after_the_beginning() -> None:
    long = " ".join(f"Sentence {number} is here to fill the room." for number in range(200))
    made = article(f"{long}\n\nThe words.\n\n{long}")
    before, own, after = texts(context_layout(made, place_of("The words.", made)))[1:]
    assert before.split("\n")[1].startswith("> […] ")
    assert before.split("\n")[1].endswith("Sentence 199 is here to fill the room.")
    assert own == "-# paragraph 2\n> **The words.**"
    assert after.split("\n")[1].startswith("> Sentence 0 is here")
    assert after.split("\n")[1].endswith(" […]")


def test_the_words_come_before_what_is_around_them() -> None:
    long = "Words and more of them. " * 400
    made = article(f"{long}\n\n{long}\n\n{long}")
    middle = made.text.index("\n\n") + 2
    view = context_layout(made, Span(middle, middle + len(long.strip())))
    assert_discord_takes(view)
    assert any("**Words and more" in text for text in texts(view))


def test_of_a_paragraph_as_long_as_a_book_only_what_is_near_the_words_is_read() -> None:
    book = "Many words stand in this sentence. " * 30_000
    made = article(f"{book}The words. {book}\n\n{book}")
    shown = texts(context_layout(made, place_of("The words.", made)))
    assert "**The words.**" in shown[1]
    assert shown[1].split("\n")[1].startswith("> […] ")


@given(hostile_quotes(), st.integers(0, 3), hostile_texts())
@settings(max_examples=25)
def test_discord_takes_every_context_and_nothing_in_it_does_anything(
    hostile: Quote, around: int, more: str
) -> None:
    text = f"{hostile.article.text}\n\n{more}\n\n{'Filling words here. ' * 80}"
    made = replace(hostile.article, text=text, url=None)
    view = context_layout(
        made, hostile.highlights[0], around=around, buttons=[lambda: Press("back")]
    )
    assert_discord_takes(view)
    for shown in texts(view):
        assert_inert(shown)
    tokens = [token for line in quoted_lines(all_text(view)) for token in read_line(line)]
    said = words(hostile.highlights[0].of(text))
    bold = shown_words(tokens, "bold")
    # Of what is nothing but control characters there is nothing to show.
    assert bold or not any(character.isprintable() for character in said)
    assert bold in said


@given(st.integers(-5, 500), st.integers(-5, 500))
@settings(max_examples=30)
def test_any_stretch_may_be_asked_for(start: int, end: int) -> None:
    assert_discord_takes(context_layout(article(TEXT), Span(start, end)))
