"""What those who run the bot see of the corpus, within Discord's limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.discord import (
    page_count,
    render_articles,
    render_progress,
    render_report,
    render_status,
)
from bot.rendering.discord.articles import ARTICLES_PER_PAGE
from retrieval.articles import Article
from retrieval.corpus import Change, Report, Status
from tests.bot.test_answers import assert_within_limits
from tests.bot.texts import hostile_texts

STATUS = Status(
    articles=1,
    passages=2,
    words=3,
    model="a model",
    generation="abc",
    created=datetime(2026, 1, 2, tzinfo=UTC),
    encoded=2,
    bytes_on_disk=1_500_000,
    sources=("seeds",),
    failures=(),
)


def test_failures_come_first_and_say_why() -> None:
    report = Report(
        (
            Change("a", "Added one", "added"),
            Change("f", "broken.md", "failed", "It is not UTF-8."),
            Change("u", "Same", "unchanged"),
        ),
        encoded=4,
        seconds=1.25,
        notices=("The index is not kept.",),
    )
    assert render_report(report).content == (
        "The articles are reloaded.\n"
        "**Failed: 1**\n"
        "• broken.md: It is not UTF-8.\n"
        "**Added: 1**\n"
        "• Added one\n"
        "Unchanged: 1. 4 passages were read anew in 1.2 s.\n"
        "The index is not kept."
    )


def test_a_reload_without_news_says_so() -> None:
    report = Report((Change("u", "Same", "unchanged"),), 0, 0.1)
    assert render_report(report).content.startswith("Nothing has changed.\nUnchanged: 1.")


def test_what_does_not_fit_is_counted() -> None:
    changes = tuple(Change(str(n), f"Article number {n}", "added") for n in range(500))
    content = render_report(Report(changes, 500, 9.0)).content
    assert "more lines, which do not fit here." in content
    assert content.endswith("500 passages were read anew in 9.0 s.")


@given(st.lists(hostile_texts(4), max_size=30), st.lists(hostile_texts(), max_size=5))
@settings(max_examples=40, deadline=None)
def test_no_report_exceeds_what_discord_takes(titles: list[str], notices: list[str]) -> None:
    changes = tuple(Change(title, title, "failed", title * 9) for title in titles)
    assert_within_limits(render_report(Report(changes, 0, 0.0, tuple(notices))))


@given(st.lists(hostile_texts(), max_size=30))
@settings(max_examples=20, deadline=None)
def test_no_status_exceeds_what_discord_takes(failures: list[str]) -> None:
    status = replace(STATUS, failures=tuple(failures))
    assert_within_limits(render_status(status))


@given(st.lists(hostile_texts(6), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_no_list_of_articles_exceeds_what_discord_takes(texts: list[str]) -> None:
    articles = [
        Article(text, text * 9, "text", text * 9, f"https://example.org/{text * 9}", text, text)
        for text in texts
    ]
    for page in range(page_count(articles)):
        assert_within_limits(render_articles(articles, page))


def test_every_article_is_on_one_page() -> None:
    articles = [Article(f"id-{n}", f"Title {n}.", "text") for n in range(2 * ARTICLES_PER_PAGE + 1)]
    pages = [render_articles(articles, page) for page in range(page_count(articles))]
    text = "\n".join(str(page.embeds[0].description) for page in pages)
    assert len(pages) == 3
    assert [f"Title {n}." for n in range(len(articles)) if f"Title {n}." not in text] == []


def test_progress_is_a_bar() -> None:
    assert render_progress(0, 0).content == "Reading the articles …"
    assert "`██████████░░░░░░░░░░` 5 of 10 passages" in render_progress(5, 10).content


def test_status_says_what_could_not_be_read() -> None:
    status = replace(STATUS, failures=("broken.md is not UTF-8.",))
    assert "broken.md is not UTF-8." in str(render_status(status).embeds[0].description)
