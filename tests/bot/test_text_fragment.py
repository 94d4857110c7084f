"""A link leads to the very words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.rendering.text_fragment import Link, link_to, text_directive, web_address
from retrieval.answers import Quote
from retrieval.articles import Span
from tests.bot.texts import article, hostile_quotes, hostile_texts

BASE = "https://example.org/a"
TEXT = (
    "The offensive, which its leader had dubbed Operation Dignity, began near Benghazi on a Friday."
)


@dataclass(frozen=True)
class Directive:
    """A text directive as a browser reads it (WICG, "parse a text directive")."""

    prefix: str
    start: str
    end: str
    suffix: str

    @classmethod
    def read(cls, written: str) -> Directive:
        assert re.fullmatch(r"text=[A-Za-z0-9_.~%,-]+", written)
        parts = written.removeprefix("text=").split(",")
        prefix = parts.pop(0).removesuffix("-") if parts[0].endswith("-") else ""
        suffix = parts.pop().removeprefix("-") if parts[-1].startswith("-") else ""
        assert 1 <= len(parts) <= 2
        assert all(parts)
        assert not any("-" in part for part in (prefix, suffix, *parts))
        start, end = [*parts, ""][:2]
        return cls(*(unquote(part, errors="strict") for part in (prefix, start, end, suffix)))

    def found_in(self, text: str) -> Span:
        """What a browser marks: the first place where all of it stands, white space being one."""

        def words(part: str) -> str:
            return r"\s+".join(map(re.escape, part.split()))

        # The start is whole words, unless what follows says where it ends.
        bound = r"(?!\w)" if self.end or not self.suffix else ""
        match = re.search(
            rf"{words(self.prefix)}\s*(?P<marked>(?<!\w){words(self.start)}{bound}"
            + (rf"[\s\S]*?{words(self.end)}" if self.end else "")
            + rf")\s*{words(self.suffix)}",
            text,
        )
        assert match is not None
        return Span(*match.span("marked"))


def whole(text: str) -> Span:
    return Span(0, len(text))


def directive_of(words: str, text: str) -> str:
    start = text.rindex(words)
    written = text_directive(text, Span(start, start + len(words)))
    assert written is not None
    return written


@given(hostile_quotes())
@settings(max_examples=80)
def test_what_is_named_are_words_of_the_quote_in_their_order(quote: Quote) -> None:
    text, span = quote.article.text, quote.highlights[0]
    written = text_directive(text, span)
    if written is None:
        return
    assert len(written) <= 300
    read = Directive.read(written)
    quoted = " ".join(span.of(text).split())
    start = quoted.index(read.start)
    assert read.end in quoted[start + len(read.start) :]
    before, after = " ".join(text[: span.end].split()), " ".join(text[span.start :].split())
    assert read.prefix in before
    assert read.suffix in after


SENTENCES = st.lists(st.sampled_from(("the", "man", "ate", "a", "red-hot", "pea,", "&", "so.")))


@given(SENTENCES, SENTENCES, SENTENCES)
@example(["ate"], ["ate", "ate", "a"], [])
@settings(max_examples=200)
def test_the_words_that_a_browser_finds_lie_in_the_quote_wherever_that_can_be_told(
    before: list[str], quoted: list[str], after: list[str]
) -> None:
    text = " ".join([*before, *quoted, *after])
    start = len(" ".join(before)) + bool(before)
    span = Span(start, start + len(" ".join(quoted)))
    written = text_directive(text, span)
    if written is None:
        return
    read = Directive.read(written)
    found = read.found_in(text)
    is_told_apart = text.count(read.start) == 1
    if is_told_apart:
        assert span.start <= found.start < found.end <= span.end


def test_a_short_stretch_is_named_whole() -> None:
    assert directive_of("dubbed Operation Dignity", TEXT) == "text=dubbed%20Operation%20Dignity"


def test_a_long_stretch_is_named_by_its_first_and_last_words() -> None:
    assert directive_of(TEXT, TEXT) == (
        "text=The%20offensive%2C%20which%20its,Benghazi%20on%20a%20Friday"
    )


def test_what_separates_the_parts_is_encoded_in_the_words() -> None:
    assert directive_of("red-hot, salt & pepper", "red-hot, salt & pepper") == (
        "text=red%2Dhot%2C%20salt%20%26%20pepper"
    )


def test_words_that_stand_earlier_too_are_told_apart_by_those_around_them() -> None:
    text = "It rose again. Then he left. In May it rose again, they say."
    assert (
        directive_of("it rose again", text)
        == "text=left.%20In%20May-,it%20rose%20again,-%2C%20they%20say"
    )


def test_words_on_other_lines_and_the_marks_of_a_list_are_not_taken_for_those_around() -> None:
    text = "It rose again.\n\n1. It rose again, they say.\n2. It fell."
    assert directive_of("It rose again", text) == "text=It%20rose%20again,-%2C%20they%20say"
    assert directive_of("fell", text) == "text=It-,fell"


def test_a_single_word_is_named_with_those_around_it() -> None:
    assert directive_of("near", TEXT) == (
        "text=Operation%20Dignity%2C%20began-,near,-Benghazi%20on%20a"
    )


def test_a_start_that_stands_earlier_too_is_made_longer() -> None:
    text = f"The offensive, which its enemies feared, failed. {TEXT}"
    assert directive_of(TEXT, text).startswith(
        "text=The%20offensive%2C%20which%20its%20leader%20had,"
    )


def test_marks_that_a_page_does_not_show_are_passed_over() -> None:
    text = "# Heading\n\n- The **offensive** was [dubbed](https://x.example) by its leader here."
    assert directive_of(text, text) == "text=by%20its%20leader%20here"


def test_words_are_never_cut() -> None:
    text = "हिन्दी भाषा यहाँ है।"
    assert Directive.read(directive_of(text, text)).start == "हिन्दी भाषा यहाँ है"


def test_japanese_is_cut_at_its_punctuation() -> None:
    text = "神戸港は開港し、その後、町は大きく栄えた。"
    read = Directive.read(directive_of(text, text))
    assert read.start == text.removesuffix("。")


@pytest.mark.parametrize("text", ["", "…", "**", "# ", "\ud800", "x" * 400, "漢" * 200])
def test_where_there_is_nothing_to_name_there_is_no_directive(text: str) -> None:
    assert text_directive(text, whole(text)) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (BASE, Link(f"{BASE}#:~:text=Some%20plain%20words", "words")),
        (f"{BASE}#top", Link(f"{BASE}#top:~:text=Some%20plain%20words", "words")),
        (f"{BASE}#:~:text=x", Link(f"{BASE}#:~:text=x", "article")),
        (f"{BASE}.PDF?x=1", Link(f"{BASE}.PDF?x=1", "article")),
        ("https://example.org/" + "a" * 480, Link("https://example.org/" + "a" * 480, "article")),
        ("https://example.org/" + "a" * 500, None),
        ("ftp://example.org/a", None),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("", None),
        (None, None),
    ],
)
def test_a_link_leads_as_near_as_its_address_allows(url: str | None, expected: Link | None) -> None:
    made = article("Some plain words.", url=url)
    assert link_to(made, whole(made.text)) == expected


def test_in_a_pdf_the_link_leads_to_the_page() -> None:
    made = replace(article("Some plain words.", url=f"{BASE}.pdf"), pages=(0, 5))
    assert link_to(made, Span(5, 10)) == Link(f"{BASE}.pdf#page=2", "page")
    marked = replace(made, url=f"{BASE}.pdf#view=fit")
    assert link_to(marked, Span(5, 10)) == Link(f"{BASE}.pdf#view=fit", "article")


@given(hostile_texts(4).map("https://example.org/{}".format) | hostile_texts(), hostile_quotes())
@settings(max_examples=50)
def test_a_link_is_plain_ascii_that_markdown_cannot_break(url: str, quote: Quote) -> None:
    made = replace(quote.article, url=url)
    link = link_to(made, quote.highlights[0])
    assert (link is None) == (web_address(url) is None)
    if link is not None:
        assert len(link.url.encode()) <= 512
        assert re.fullmatch(r"(?i)https?://[!-~]+", link.url)
        assert not re.search(r"[()<>\[\]\s\\`|\"]", link.url)


def test_a_message_in_discord_is_linked_as_it_is() -> None:
    message = "https://discord.com/channels/1/2/3"
    assert link_to(article(TEXT, url=message), Span(0, 10)) == Link(message, "article")
