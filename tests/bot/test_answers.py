"""What sources and summaries look like in Discord, and quotes as JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.discord import Reply, render_summary
from bot.rendering.discord.quotes import link, source_line
from bot.rendering.sanitize import units
from retrieval.answers import Quote, Source, quote_json
from retrieval.articles import Span
from retrieval.summaries import Summary
from tests.bot.texts import article, hostile_quotes, hostile_texts, quote

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


@given(st.lists(hostile_quotes(), max_size=15), st.none() | hostile_texts())
@settings(max_examples=20, deadline=None)
def test_no_summary_exceeds_what_discord_takes(quotes: list[Quote], topic: str | None) -> None:
    articles = tuple(dict.fromkeys(quote.article for quote in quotes))
    assert_within_limits(render_summary(Summary(topic, articles, tuple(quotes))))


def test_what_is_not_known_of_a_source_is_left_out() -> None:
    assert source_line(quote("x", source=None)) == "paragraph 1"


def test_a_quote_as_json_has_a_page_only_where_its_article_has_pages() -> None:
    made = quote(SHORT, SENTENCE)
    plain = replace(made, also_in=(Source(made.article, 4),))
    assert "page" not in quote_json(plain)
    assert "page" not in quote_json(plain)["also_in"][0]
    paged = replace(plain, article=replace(made.article, pages=(0, 5)))
    paged = replace(paged, span=Span(5, 9), also_in=(Source(paged.article, 4, 1),))
    assert quote_json(paged)["page"] == 2
    assert quote_json(paged)["also_in"][0]["page"] == 1


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
    assert "did not fit into this message" in str(reply.embeds[0].description)


def test_a_summary_of_nothing_says_so() -> None:
    assert "no sentence" in render_summary(Summary(None, (), ())).content
