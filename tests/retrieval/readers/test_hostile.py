"""Whatever a document holds: its reader ends with an ``ArticleError`` or with sound articles."""

from __future__ import annotations

import itertools
import json
import unicodedata
from typing import Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers.documents import Document, Linked, Reading
from tests.retrieval.readers.broken import BROKEN
from tests.strategies import texts

LIMITS: Final = Limits(file_bytes=16 * 1024 * 1024, articles=500, pages=100)
VALID: Final = {
    "text": "Clashes in Benghazi\n\nKämpfe begannen. “Über zwanzig” wurden verletzt.\r\n".encode(),
    "markdown": (
        "---\ntitle: Clashes\nauthor: [A, B]\nurl: https://e.org/\n---\n# T\n\nWörter."
    ).encode(),
    "html": (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Clashes &amp; more</title>"
        "<meta name=author content='Ann'><meta name=date content=2014-06-02>"
        '<script type=\'application/ld+json\'>{"@type":"NewsArticle","headline":"T"}</script>'
        "<link rel=canonical href=/a></head><body><nav><a href=/>Home</a></nav><article><h1>T</h1>"
        "<p>Wörter &lt; more <b>bold</b><br>line.</p><ul><li>a<ol><li>b</ol></ul><pre>x\n  y</pre>"
        "<table><tr><th>n<td>1</table><blockquote>q</blockquote></article></body></html>"
    ).encode(),
    "jsonl": (
        '{"id": "a", "title": "T", "text": "Wörter\\r\\n\\ud83d\\ude00", "pages": [0, 2]}\n'
        '{"content": "More", "url": "https://e.org/", "author": ["A", "B"], "date": 2014}\r\n'
    ).encode(),
    "feed": (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>N</title>'
        "<item><title>T &amp;amp; U</title><link>/a</link><guid>1</guid><author>a@b.c (A)</author>"
        "<pubDate>Mon, 02 Jun 2014 10:00:00 GMT</pubDate><description>&lt;p&gt;S</description>"
        "</item><item><link>https://e.org/b</link><content:encoded><![CDATA[<p>Wörter</p>]]>"
        "</content:encoded></item></channel></rss>"
    ).encode(),
}


def read(content: bytes, kind: str) -> Reading:
    """What was read; an empty reading where it was refused."""
    document = Document(f"the-{kind}", content, kind, "https://example.org/the/page")
    try:
        reading = readers.read(document, "the-id", LIMITS)
    except ArticleError as error:
        reading = Reading(failures=(error,))
    assert_sound(reading, document.name)
    return reading


def assert_sound(reading: Reading, name: str) -> None:
    for error in reading.failures:
        assert error.name == name
        assert name in error.what
        assert_shown(str(error))
    found: list[Article | Linked] = [*reading.articles, *reading.linked]
    assert len({one.id for one in found}) == len(found)
    for one in found:
        assert_described(one)
    for article in reading.articles:
        assert any(character.isalnum() for character in article.text)
        assert len(article.text) <= LIMITS.characters
        assert all(0 <= page <= len(article.text) for page in article.pages)
        assert all(before <= after for before, after in itertools.pairwise(article.pages))
        assert article.digest


def assert_described(one: Article | Linked) -> None:
    assert one.id == "the-id" or one.id.startswith("the-id-")
    assert one.title
    for value in (one.id, one.title, one.source, one.author, one.published, one.url):
        assert_shown(value or "")
    if one.url is not None:
        parts = urlsplit(one.url)
        assert parts.scheme in {"http", "https"}
        assert parts.hostname


def assert_shown(value: str) -> None:
    assert not {unicodedata.category(character) for character in value} & {"Cc", "Cs"}
    assert value.splitlines() in ([], [value])


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused_or_read_as_far_as_it_is_sound(name: str) -> None:
    kind, content = BROKEN[name]
    reading = read(content, kind)
    assert "root:" not in "".join(article.text for article in reading.articles)


@pytest.mark.parametrize("kind", VALID)
def test_what_is_whole_is_read_whole(kind: str) -> None:
    reading = read(VALID[kind], kind)
    assert reading.failures == ()
    assert reading.articles


@pytest.mark.parametrize("kind", VALID)
@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(kind: str, content: bytes) -> None:
    read(content, kind)


@pytest.mark.parametrize("kind", VALID)
@given(data=st.data())
def test_a_damaged_document_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(VALID[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        match data.draw(st.sampled_from(["flip", "cut", "splice", "insert", "repeat"])):
            case "flip" if at < len(content):
                content[at] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 200))]
            case "insert":
                content[at:at] = data.draw(st.binary(max_size=20))
            case "repeat":
                content[at:at] = content[at : at + 60] * data.draw(st.integers(1, 20))
            case _:
                other = VALID[data.draw(st.sampled_from(sorted(VALID)))]
                content[at:at] = other[data.draw(st.integers(0, len(other))) :]
    read(bytes(content), kind)


@given(words=texts, title=texts)
def test_any_words_in_a_page_are_read_or_refused(words: str, title: str) -> None:
    page = f"<title>{title}</title><body><p>{words}</p><h2>{title}</h2><pre>{words}</pre>"
    read(page.encode(), "html")


@given(words=texts, title=texts, link=st.text(max_size=40))
def test_any_words_in_a_feed_are_read_or_refused(words: str, title: str, link: str) -> None:
    feed = (
        f"<rss version='2.0'><channel><title>{title}</title><item><title>{title}</title>"
        f"<link>{link}</link><description>{words}</description><author>{title}</author></item>"
        "</channel></rss>"
    )
    read(feed.encode(), "feed")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside),
    max_leaves=6,
)
FIELDS: Final = ("text", "content", "id", "title", "url", "author", "published", "date", "pages")


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), json_values), max_size=4))
def test_any_values_in_lines_are_read_or_refused(lines: list[dict[str, object]]) -> None:
    read("\n".join(map(json.dumps, lines)).encode(), "jsonl")
