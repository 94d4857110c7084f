"""More passages, page by page."""

from __future__ import annotations

from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.layout import PASSAGES_PER_PAGE, passage_pages, passages_layout
from retrieval.answers import Quote, RankedPassage
from retrieval.articles import Passage, Span
from tests.bot.layout.items import Press
from tests.bot.layout.sending import (
    all_text,
    assert_discord_takes,
    assert_inert,
    components_of,
    texts,
)
from tests.bot.texts import article, hostile_quotes, hostile_texts

ARTICLE = article("\n\n".join(f"Paragraph {number}." for number in range(1, 13)))
ARTICLES = {ARTICLE.id: ARTICLE}
PASSAGES = [
    RankedPassage(Passage(ARTICLE.id, number, Span(start, start + 12)), 1 / number)
    for number in range(1, 13)
    for start in [ARTICLE.text.index(f"Paragraph {number}.")]
]


def test_a_page_shows_its_passages_with_their_places() -> None:
    shown = texts(passages_layout("Which?", PASSAGES, ARTICLES, 1))
    assert shown[:2] == ["**Which?**", "More passages, best first\n-# Page 2 of 3"]
    assert shown[2] == "> Paragraph 6.\n-# A title · CNN · paragraph 6"
    assert len(shown) == 2 + PASSAGES_PER_PAGE


def test_a_page_beyond_the_end_is_the_last_one() -> None:
    assert passage_pages(PASSAGES) == 3
    last = texts(passages_layout("Which?", PASSAGES, ARTICLES, 2))
    assert texts(passages_layout("Which?", PASSAGES, ARTICLES, 99)) == last
    assert len(last) == 2 + 2
    first = texts(passages_layout("Which?", PASSAGES, ARTICLES, 0))
    assert texts(passages_layout("Which?", PASSAGES, ARTICLES, -1)) == first


def test_where_there_are_none_it_says_so() -> None:
    assert passage_pages([]) == 1
    shown = texts(passages_layout("Which?", [], {}, 0))
    assert shown == ["**Which?**", "There are no more passages."]


def test_a_passage_of_an_article_that_is_gone_says_so() -> None:
    shown = texts(passages_layout("Which?", PASSAGES[:1], {}, 0))
    assert shown[-1] == "-# This passage is no longer in the articles."


def test_a_button_knows_its_passages_place_among_all() -> None:
    view = passages_layout(
        "Which?",
        PASSAGES,
        ARTICLES,
        1,
        context=lambda index: Press(f"context {index}"),
        navigation=[lambda: Press("back"), lambda: Press("go to"), lambda: Press("on")],
    )
    assert_discord_takes(view)
    (container,) = components_of(view)
    beside = [c["accessory"]["label"] for c in container["components"] if c["type"] == 9]
    assert beside == [f"context {index}" for index in range(5, 10)]
    assert [button["label"] for button in container["components"][-1]["components"]] == [
        "back",
        "go to",
        "on",
    ]


@given(st.lists(hostile_quotes(), max_size=7), hostile_texts(60), st.integers(0, 2))
@settings(max_examples=25)
def test_discord_takes_every_page_and_nothing_in_it_does_anything(
    quotes: list[Quote], question: str, page: int
) -> None:
    articles = {
        str(number): article(quote.article.text, title=quote.article.title)
        for number, quote in enumerate(quotes)
    }
    passages = [
        RankedPassage(Passage(str(number), quote.paragraph, quote.span), 0.5)
        for number, quote in enumerate(quotes)
    ]
    view = passages_layout(
        question,
        passages,
        articles,
        page,
        context=lambda index: Press(f"context {index}"),
        navigation=[lambda: ui.Button(label="on", custom_id="on")],
    )
    assert_discord_takes(view)
    assert_inert(all_text(view))
