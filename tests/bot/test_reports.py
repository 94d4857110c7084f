"""What those who run the bot see of the corpus, within Discord's limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rendering.discord import (
    Listed,
    page_count,
    render_article,
    render_articles,
    render_collection,
    render_progress,
    render_report,
    render_status,
)
from bot.rendering.discord.articles import ARTICLES_PER_PAGE
from retrieval.articles import Article
from retrieval.corpus import Change, Report, Status
from retrieval.database.records import SourceRecord
from tests.bot.discord_markdown import kinds, read_line
from tests.bot.test_answers import assert_within_limits
from tests.bot.texts import hostile_texts

DONE = "The articles are reloaded."
STATUS = Status(
    name="shared",
    articles=1,
    passages=2,
    words=3,
    model="a model",
    runtime="a runtime",
    generation="abc",
    created=datetime(2026, 1, 2, tzinfo=UTC),
    encoded=2,
    encoded_here=7,
    bytes_on_disk=1_500_000,
    sources=("seeds",),
    added=3,
    next_check=datetime(2026, 1, 3, tzinfo=UTC),
    failures=(),
    uses_shared=False,
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
    assert render_report(report, DONE).content == (
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
    assert render_report(report, DONE).content.startswith("Nothing has changed.\nUnchanged: 1.")


def test_what_does_not_fit_is_counted() -> None:
    changes = tuple(Change(str(n), f"Article number {n}", "added") for n in range(500))
    content = render_report(Report(changes, 500, 9.0), DONE).content
    assert "more lines, which do not fit here." in content
    assert content.endswith("500 passages were read anew in 9.0 s.")


@given(st.lists(hostile_texts(4), max_size=30), st.lists(hostile_texts(), max_size=5))
@settings(max_examples=40, deadline=None)
def test_no_report_exceeds_what_discord_takes(titles: list[str], notices: list[str]) -> None:
    changes = tuple(Change(title, title, "failed", title * 9) for title in titles)
    assert_within_limits(render_report(Report(changes, 0, 0.0, tuple(notices)), DONE))


@given(st.lists(hostile_texts(), max_size=30))
@settings(max_examples=20, deadline=None)
def test_no_status_exceeds_what_discord_takes(failures: list[str]) -> None:
    status = replace(STATUS, failures=tuple(failures))
    assert_within_limits(render_status(status, is_shared=False))


@given(st.lists(hostile_texts(6), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_no_list_of_articles_exceeds_what_discord_takes(texts: list[str]) -> None:
    articles = [
        Article(text, text * 9, "text", text * 9, f"https://example.org/{text * 9}", text, text)
        for text in texts
    ]
    for page in range(page_count(articles)):
        assert_within_limits(render_articles(articles, page))


SOURCES = st.builds(
    SourceRecord,
    kind=st.sampled_from(("file", "upload", "page", "feed")),
    location=hostile_texts(2),
    name=hostile_texts().map(lambda text: text * 9),
    article=st.just("id"),
    position=st.just(0),
    added=st.just(datetime(2026, 1, 2, tzinfo=UTC)),
    error=st.none() | hostile_texts().map(lambda text: text * 9),
)
LISTED = st.builds(
    lambda text, source, pages: Listed(
        Article(text, text * 9, text * 99, text * 9, f"https://x.org/{text}", text, text, pages),
        source,
        len(pages),
    ),
    hostile_texts(6),
    SOURCES,
    st.just(()) | st.just((0, 1)),
)


@given(st.lists(LISTED, max_size=30), st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_collection_exceeds_what_discord_takes(listed: list[Listed], is_shared: bool) -> None:
    for page in range(page_count([item.article for item in listed])):
        reply = render_collection(listed, page, is_shared=is_shared)
        assert_within_limits(reply)
        assert reply.content or reply.embeds


@given(LISTED)
@settings(max_examples=40, deadline=None)
def test_the_head_of_an_article_stays_within_limits_and_is_a_quote(item: Listed) -> None:
    reply = render_article(item)
    assert_within_limits(reply)
    (embed,) = reply.embeds
    for line in (embed.description or "").split("\n"):
        assert line.startswith("> ")
        assert kinds(read_line(line.removeprefix("> "))) <= {"text"}
    for field in embed.fields:
        allowed = {"text", "link"} if field.name == "Link" else {"text"}
        if field.name != "Added on":  # A time that Discord writes out.
            assert kinds(read_line(field.value or "")) <= allowed


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
    assert "broken.md is not UTF-8." in str(
        render_status(status, is_shared=False).embeds[0].description
    )
