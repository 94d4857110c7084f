"""What could be asked instead, in the articles' own words."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.layout import rephrasings
from bot.rendering.sanitize import one_line
from retrieval.answers import Quote
from retrieval.articles import Passage, Span
from retrieval.segmentation import passages
from tests.bot.texts import article, hostile_quotes, no_answer

TEXT = """# Norwick

## The lighthouse

It was built in 1851.

It is white.

The harbour

It was deepened in 1902, and again in 1950 when the ferry came.
"""


def near(start: str, text: str = TEXT, title: str = "A town") -> Quote:
    made = article(text, title=title)
    at = text.index(start)
    found: Passage = next(p for p in passages(made) if p.span.start <= at < p.span.end)
    return Quote(made, found.paragraph, found.span, 0.5)


def test_a_topic_is_the_heading_of_the_passages_section() -> None:
    made = no_answer(near("It was built"), near("It is white"), near("It was deepened"))
    assert rephrasings("Why?", made) == ("The lighthouse", "A town", "The harbour")


def test_a_passage_without_a_heading_has_its_articles_title() -> None:
    assert rephrasings("Why?", no_answer(near("Only", "Only text here."))) == ("A town",)


def test_a_heading_right_above_the_words_of_its_block_counts() -> None:
    made = near("It stands", "# One\n\nText of it here.\n\n## Two\nIt stands here.")
    assert rephrasings("Why?", no_answer(made)) == ("Two",)


def test_what_was_asked_is_not_suggested_again() -> None:
    assert rephrasings(" the LIGHTHOUSE", no_answer(near("It was built"))) == ("A town",)


def test_a_title_that_is_no_name_is_not_suggested() -> None:
    assert rephrasings("Why?", no_answer(near("Only", "Only this.", title="x" * 500))) == ()
    assert rephrasings("Why?", no_answer()) == ()


@given(st.lists(hostile_quotes(), max_size=4))
@settings(max_examples=40)
def test_every_topic_is_words_of_an_article(quotes: list[Quote]) -> None:
    topics = rephrasings("Why?", no_answer(*quotes))
    assert len({topic.casefold() for topic in topics}) == len(topics) <= 3
    for topic in topics:
        assert topic
        assert any(
            topic in one_line(f"{quote.article.title}\n{quote.article.text}") for quote in quotes
        )


def test_a_paragraph_that_the_article_does_not_have_is_no_fault() -> None:
    lost = replace(near("It is white"), paragraph=99, span=Span(0, 3))
    assert rephrasings("Why?", no_answer(lost)) == ("A town",)
