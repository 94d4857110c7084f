"""What an answer looks like in Discord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.discord import Reply, render_answer, render_summary
from bot.rendering.discord.quotes import link, quote_embed, source_line
from bot.rendering.sanitize import units
from retrieval.answers import Answer, Quote, Source, Timings, quote_json
from retrieval.articles import Span
from retrieval.summaries import Summary
from tests.bot.discord_markdown import kinds, read_line, shown_words, words
from tests.bot.texts import answer, article, hostile_quotes, hostile_texts, no_answer, quote

SENTENCE = "The offensive was dubbed Operation Dignity by its leader."
SHORT = f"It began in May. {SENTENCE} It goes on."


def assert_within_limits(reply: Reply) -> None:
    """Discord's own limits, counted in the strictest way."""
    assert units(reply.content) <= 2000
    assert len(reply.embeds) <= 10
    total = 0
    for embed in reply.embeds:
        assert units(embed.title or "") <= 256
        assert units(embed.description or "") <= 4096
        assert units(embed.author.name or "") <= 256
        assert units(embed.footer.text or "") <= 2048
        assert len(embed.fields) <= 25
        for field in embed.fields:
            assert 0 < units(field.name or "") <= 256
            assert 0 < units(field.value or "") <= 1024
        parts = [embed.title, embed.description, embed.author.name, embed.footer.text]
        parts += [part for field in embed.fields for part in (field.name, field.value)]
        total += sum(units(part or "") for part in parts)
        assert (embed.title or "").strip()
    assert total <= 6000


def quoted_lines(embed: discord.Embed) -> list[str]:
    lines = (embed.description or "").split("\n")
    return [line.removeprefix("> ") for line in lines if line.startswith("> ")]


def shown(embed: discord.Embed) -> str:
    return shown_words([token for line in quoted_lines(embed) for token in read_line(line)])


@given(
    st.lists(hostile_quotes(), min_size=0, max_size=4),
    hostile_texts(),
    st.none() | hostile_texts(),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_no_answer_exceeds_what_discord_takes(
    quotes: Sequence[Quote], question: str, follows: str | None, answered: bool, shows: bool
) -> None:
    made = Answer(
        question=question[:2000],
        answered=answered and bool(quotes),
        confidence=0.5,
        quotes=tuple(quotes) if answered else (),
        nearest=() if answered else tuple(quotes),
        passages=(),
        took_ms=Timings(1, 1, 1, 3),
        follows=follows,
    )
    reply = render_answer(made, with_question=shows)
    assert_within_limits(reply)
    assert reply.content or reply.embeds
    assert len(reply.embeds) == min(3, len(quotes))
    for line in reply.content.split("\n"):
        assert kinds(read_line(line)) <= {"text", "bold", "subtext"}


@given(hostile_quotes())
@settings(max_examples=40, deadline=None)
def test_every_word_in_a_quote_is_the_articles_and_in_its_order(hostile: Quote) -> None:
    embed = quote_embed(hostile, 1900)
    for line in (embed.description or "").split("\n"):
        assert line.startswith(("> ", "-# "))
        if line.startswith("> "):
            assert kinds(read_line(line.removeprefix("> "))) <= {"text", "bold"}
        else:
            assert kinds(read_line(line.removeprefix("-# "))) <= {"text", "link"}
    assert kinds(read_line(embed.title or "")) <= {"text"}
    parts = [part for part in shown(embed).split("[…]") if part]
    assert "".join(parts) in words(hostile.text).replace("[…]", "")


@given(st.lists(hostile_quotes(), max_size=15), st.none() | hostile_texts())
@settings(max_examples=20, deadline=None)
def test_no_summary_exceeds_what_discord_takes(quotes: list[Quote], topic: str | None) -> None:
    articles = tuple(dict.fromkeys(quote.article for quote in quotes))
    assert_within_limits(render_summary(Summary(topic, articles, tuple(quotes))))


def test_a_quote_shows_title_highlight_and_source() -> None:
    made = quote(
        SHORT,
        SENTENCE,
        title="Benghazi",
        author="Jason Hanna",
        published="2014-06-02",
        url="https://example.org/a",
    )
    (embed,) = render_answer(answer(made), with_question=False).embeds
    assert embed.title == "Benghazi"
    assert embed.description == (
        f"> It began in May. **{SENTENCE}** It goes on.\n"
        "-# CNN · Jason Hanna · 2014-06-02 · paragraph 1 · [open the article](https://example.org/a)"
    )


def test_what_is_not_known_of_a_source_is_left_out() -> None:
    assert source_line(quote("x", source=None)) == "paragraph 1"


def test_a_quote_of_a_paged_article_shows_the_page_that_it_begins_on() -> None:
    made = quote(SHORT, SENTENCE)
    paged = replace(made.article, pages=(0, 0, 5))
    made = replace(made, article=paged, also_in=(Source(paged, 4, 9),))
    (embed,) = render_answer(answer(made), with_question=False).embeds
    assert (embed.description or "").endswith(
        "\n-# CNN · page 2 · paragraph 1\n-# Also in: A title · CNN · page 9 · paragraph 4"
    )


def test_a_quote_as_json_has_a_page_only_where_its_article_has_pages() -> None:
    made = quote(SHORT, SENTENCE)
    plain = replace(made, also_in=(Source(made.article, 4),))
    assert "page" not in quote_json(plain)
    assert "page" not in quote_json(plain)["also_in"][0]
    paged = replace(plain, article=replace(made.article, pages=(0, 5)))
    paged = replace(paged, span=Span(5, 9), also_in=(Source(paged.article, 4, 1),))
    assert quote_json(paged)["page"] == 2
    assert quote_json(paged)["also_in"][0]["page"] == 1


def test_at_most_three_quotes_are_shown() -> None:
    made = [quote(f"Sentence {number}.") for number in range(5)]
    assert len(render_answer(answer(*made), with_question=False).embeds) == 3


def test_no_answer_says_so_and_labels_what_is_nearest() -> None:
    reply = render_answer(no_answer(quote(SHORT, SENTENCE)), with_question=False)
    assert reply.content.startswith("The articles do not answer that.")
    assert reply.embeds[0].author.name == "Nearest passage, not an answer"
    assert "**" not in (reply.embeds[0].description or "")


def test_no_answer_without_anything_near_says_only_that() -> None:
    reply = render_answer(no_answer(), with_question=False)
    assert reply == Reply("The articles do not answer that.")


def test_the_question_stands_on_top_where_no_message_shows_it() -> None:
    asked = answer(quote(SHORT), question="Who is <@1>?")
    assert render_answer(asked, with_question=True).content == (
        "**Question:** Who is \\<@\u200b1>?"
    )
    assert render_answer(asked, with_question=False).content == ""


def test_a_follow_up_says_with_which_question_it_was_understood() -> None:
    reply = render_answer(answer(quote(SHORT), follows="Who leads it?"), with_question=False)
    assert reply.content == "-# Understood with your earlier question: “Who leads it?”"


@pytest.mark.parametrize("place", [0, 20, 39])
def test_a_long_quote_is_cut_at_sentence_ends_around_its_highlight(place: int) -> None:
    filler = [f"Sentence number {number} is here to fill a long paragraph." for number in range(40)]
    filler[place] = SENTENCE
    text = " ".join(filler)
    (embed,) = render_answer(answer(quote(text, SENTENCE)), with_question=False).embeds
    (line,) = quoted_lines(embed)
    assert f"**{SENTENCE}**" in line
    body = line.removeprefix("[…] ").removesuffix(" […]")
    assert body.replace("**", "") in text
    assert body.replace("**", "").startswith(("Sentence number", SENTENCE))
    assert body.replace("**", "").endswith(".")
    assert line.startswith("[…] ") == (place != 0)
    assert line.endswith(" […]") == (place != 39)
    assert f"-# Shortened: the whole paragraph has {len(text):,} characters." in str(
        embed.description
    )


def test_a_part_of_a_long_paragraph_says_that_it_is_one() -> None:
    text = f"{SENTENCE} {SHORT}"
    made = quote(text)
    part = Quote(made.article, 1, type(made.span)(0, len(SENTENCE)), 0.9)
    (embed,) = render_answer(answer(part), with_question=False).embeds
    assert quoted_lines(embed) == [f"{SENTENCE} […]"]


def test_a_quote_that_fits_is_not_shortened() -> None:
    (embed,) = render_answer(answer(quote(SHORT, SENTENCE)), with_question=False).embeds
    assert "Shortened" not in str(embed.description)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, []),
        ("", []),
        ("javascript:alert(1)", []),
        ("file:///etc/passwd", []),
        ("http://[", []),
        ("https://" + "x" * 600, []),
        ("https://example.org/a", ["[open the article](https://example.org/a)"]),
        ("https://example.org/a(b) c", ["[open the article](https://example.org/a%28b%29%20c)"]),
        ("HTTPS://example.org/é", ["[open the article](HTTPS://example.org/%C3%A9)"]),
    ],
)
def test_only_addresses_on_the_web_become_links(url: str | None, expected: list[str]) -> None:
    assert link(article("x", url=url)) == expected


def test_a_summary_gives_each_sentence_its_place() -> None:
    one = quote(SENTENCE)
    reply = render_summary(Summary("the offensive", (one.article,), (one,)))
    (embed,) = reply.embeds
    assert embed.title == "In the articles’ own words: the offensive (A title)"
    assert embed.description == f"> {SENTENCE}\n-# CNN · paragraph 1"


def test_a_summary_that_does_not_fit_says_how_much_is_missing() -> None:
    long = quote("Words and words. " * 80)
    reply = render_summary(Summary(None, (long.article,), (long,) * 10))
    assert "more did not fit here" in str(reply.embeds[0].description)


def test_a_summary_of_nothing_says_so() -> None:
    assert "no sentence" in render_summary(Summary(None, (), ())).content
