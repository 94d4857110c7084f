from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rendering.printable import printable
from bot.rendering.terminal import Terminal
from retrieval.answers import Answer, Quote, Source, Timings
from retrieval.articles import Article, Span
from retrieval.corpus import Change, Report, Status

EVIL = "Clear\x1b[2J the\x07 screen\x9b31m and\x1b]0;title\x07 the\rline.\ud800"
LONG = "The general left the city. " + "Many words follow one another here. " * 20
ARTICLE = Article("a", "A title", LONG, "CNN", "https://example.org/a", "A. One", "2014-06-02")
QUOTE = Quote(ARTICLE, 3, Span(0, len(LONG)), 0.9, (Span(0, 26),))
ANSWER = Answer("Who left?", True, 0.9, (QUOTE,), (), (), Timings(1, 1, 1, 3))


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    return written_to(io.StringIO(), monkeypatch)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return written_to(Screen(), monkeypatch)


def written_to(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    # pytest puts its own sys.stdout in place again between a fixture and its test.
    monkeypatch.setattr("bot.rendering.terminal.sys", SimpleNamespace(stdout=stream))
    return stream


def test_in_a_pipe_a_quote_is_one_line_with_its_source_below(pipe: io.StringIO) -> None:
    Terminal().show_answer(ANSWER)
    assert pipe.getvalue() == (
        f"\n{LONG}\n— A title · CNN · A. One · 2014-06-02 · paragraph 3 · https://example.org/a\n\n"
    )


def test_a_quote_of_a_paged_article_names_the_page_that_it_begins_on(pipe: io.StringIO) -> None:
    paged = replace(ARTICLE, pages=(0, 5, 27), url=None)
    other = Source(replace(paged, title="Another"), 7, 12)
    quote = replace(QUOTE, article=paged, span=Span(27, 60), highlights=(), also_in=(other,))
    Terminal().show_answer(replace(ANSWER, quotes=(quote,)))
    assert pipe.getvalue().endswith(
        "\n— A title · CNN · A. One · 2014-06-02 · page 3 · paragraph 3\n"
        "  also in: Another · CNN · A. One · 2014-06-02 · page 12 · paragraph 7\n\n"
    )


def test_in_a_pipe_every_character_of_an_article_stays_as_it_is(pipe: io.StringIO) -> None:
    text = "A\ttab, [bold]no markup[/bold], :smile:, wide 文字 " + "x" * 300
    Terminal().show_article(replace(ARTICLE, text=text))
    assert pipe.getvalue().endswith(f"\n\n{text}\n")


def test_on_a_terminal_the_highlight_is_styled_and_lines_are_wrapped(screen: io.StringIO) -> None:
    Terminal().show_answer(ANSWER)
    shown = screen.getvalue()
    assert "\x1b[1;33mThe general left the city.\x1b[0m" in shown
    assert shown.count("\n") > 10
    assert "\n  " in shown


def test_nearest_passages_are_shown_as_no_answer_and_not_highlighted(screen: io.StringIO) -> None:
    Terminal().show_answer(replace(ANSWER, answered=False, quotes=(), nearest=(QUOTE,)))
    assert "The articles do not answer that." in screen.getvalue()
    assert "which are no answer" in screen.getvalue()
    assert "\x1b[1;33m" not in screen.getvalue()


def test_what_a_question_was_understood_with_is_said(pipe: io.StringIO) -> None:
    Terminal().show_answer(replace(ANSWER, follows="Who came?"), with_question=True)
    assert pipe.getvalue().startswith("› Who left?\n(understood with: Who came?)\n")


def test_no_control_code_of_others_reaches_the_output(pipe: io.StringIO) -> None:
    evil = Article(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, EVIL)
    quote = Quote(evil, 1, Span(0, len(EVIL)), 1.0, (Span(0, 5),))
    terminal = Terminal()
    terminal.show_answer(replace(ANSWER, question=EVIL, follows=EVIL, quotes=(quote,)))
    terminal.show_sources(replace(ANSWER, quotes=(quote,)))
    terminal.show_article(evil)
    terminal.show_articles([evil])
    terminal.show_report(Report((Change(EVIL, EVIL, "failed", EVIL),), 0, 0.0))
    terminal.say(EVIL)
    assert pipe.getvalue().count("Clear�[2J") >= 8
    assert not {unicodedata.category(c) for c in pipe.getvalue().replace("\n", "")} & {"Cc", "Cs"}


def test_a_report_leaves_out_what_stayed_as_it_was(pipe: io.StringIO) -> None:
    changes = (
        Change("a", "A", "unchanged"),
        Change("b", "B", "added"),
        Change("c", "C", "failed", "c.md holds no text."),
    )
    Terminal().show_report(Report(changes, 7, 1.26))
    assert pipe.getvalue() == (
        "added      b\nfailed     c: c.md holds no text.\n"
        "2 changed in all, 1 unchanged; 7 passage(s) encoded in 1.3 s.\n"
    )


def test_a_report_ends_with_its_notices(pipe: io.StringIO) -> None:
    Terminal().show_report(Report((), 0, 0.0, ("The index was\x1b built again.",)))
    assert pipe.getvalue().endswith(" s.\nThe index was� built again.\n")


STATUS = Status(
    name="server-5",
    articles=1,
    passages=2000,
    words=3,
    model="model",
    runtime="a runtime",
    generation="0123",
    created=None,
    encoded=4,
    encoded_here=1234,
    bytes_on_disk=5_000_000,
    sources=("/a", "https://example.org/feed"),
    added=6,
    next_check=None,
    failures=("b.md is bad.",),
    uses_shared=False,
)


def test_a_status_is_a_fact_a_line(pipe: io.StringIO) -> None:
    Terminal().show_status(STATUS)
    assert pipe.getvalue() == (
        "collection  server-5\n"
        "articles    1\n"
        "passages    2,000\n"
        "words       3\n"
        "model       model\n"
        "run by      a runtime\n"
        "generation  0123\n"
        "built       never\n"
        "encoded     4 passage(s) for that, 1,234 since the start\n"
        "on disk     5.0 MB\n"
        "sources     /a, https://example.org/feed\n"
        "added       6 file(s), page(s) and feed(s)\n"
        "next check  none: there is no page or feed\n"
        "shared      not used\n"
        "failed      b.md is bad.\n"
    )


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (timedelta(seconds=5), ""),
        (timedelta(minutes=1, seconds=9), "1 minute"),
        (timedelta(hours=5, seconds=9), "5 hours"),
        (timedelta(days=400, seconds=9), "400 days"),
    ],
)
def test_a_status_says_its_times_in_words(pipe: io.StringIO, time: timedelta, words: str) -> None:
    now = datetime.now(UTC)
    Terminal().show_status(replace(STATUS, created=now - time, next_check=now + time))
    assert f"built       {f'{words} ago' if words else 'just now'}\n" in pipe.getvalue()
    assert f"next check  {f'in {words}' if words else 'due now'}\n" in pipe.getvalue()


@given(st.text())
def test_printable_text_has_as_many_characters_and_the_same_words(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    for before, after in zip(text, shown, strict=True):
        if unicodedata.category(before) in {"Cc", "Cs"}:
            assert after in "\n\t� "
        else:
            assert after == before
