from __future__ import annotations

import socket
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers import feed
from retrieval.readers.documents import Document, Linked, Reading

LONG = "The fighting went on in the city, and nobody knew how it would end. " * 10


def read(xml: str | bytes, limits: Limits | None = None) -> Reading:
    content = xml if isinstance(xml, bytes) else xml.encode()
    document = Document("news.rss", content, "feed", "https://example.org/news/feed.xml")
    return feed.read(document, "news", limits or Limits())


def rss(*items: str, head: str = "<title>The News</title>") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>{head}'
        f"{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>"
    )


def atom(*entries: str) -> str:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>The News</title>'
        f"{''.join(f'<entry>{entry}</entry>' for entry in entries)}</feed>"
    )


def only(reading: Reading) -> Article | Linked:
    assert reading.failures == ()
    found: list[Article | Linked] = [*reading.articles, *reading.linked]
    assert len(found) == 1
    return found[0]


def test_an_entry_with_a_summary_is_a_link_to_its_article() -> None:
    entry = only(
        read(
            rss(
                "<title>Clashes</title><link>/2014/clashes</link><guid>17</guid>"
                "<author>ann@example.org (Ann One)</author>"
                "<pubDate>Mon, 02 Jun 2014 10:00:00 GMT</pubDate>"
                "<description>Fighting &lt;b&gt;erupted&lt;/b&gt; at dawn.</description>"
            )
        )
    )
    assert isinstance(entry, Linked)
    assert entry.id.startswith("news-")
    assert entry == Linked(
        id=entry.id,
        url="https://example.org/2014/clashes",
        title="Clashes",
        source="The News",
        author="Ann One",
        published="2014-06-02",
        summary="Fighting erupted at dawn.",
    )


def test_an_entry_with_its_content_is_an_article() -> None:
    content = escape("<h2>What happened</h2><p>Fighting erupted.</p><ul><li>a</li><li>b</li></ul>")
    entry = only(
        read(
            rss(
                "<title>Clashes</title><link>https://example.org/a</link><dc:creator>Ann</dc:creator>"
                f"<description>Short.</description><content:encoded>{content}</content:encoded>"
            )
        )
    )
    assert isinstance(entry, Article)
    assert entry.text == "## What happened\n\nFighting erupted.\n\n- a\n- b"
    assert (entry.title, entry.author) == ("Clashes", "Ann")
    assert (entry.url, entry.source) == ("https://example.org/a", "The News")


def test_an_atom_entry_is_read_whatever_its_content_is_written_in() -> None:
    link = '<link href="https://example.org/a"/>'
    for content in (
        '<content type="text">One &lt; two &amp;amp; three.</content>',
        '<content type="html">&lt;p&gt;One &amp;lt; two &amp;amp;amp; three.&lt;/p&gt;</content>',
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
        "<p>One &lt; two &amp;amp; three.</p></div></content>",
    ):
        entry = only(read(atom(f"<id>a</id><title>T</title>{link}{content}")))
        assert isinstance(entry, Article), content
        assert entry.text == "One < two &amp; three."


def test_without_a_link_the_summary_is_the_article() -> None:
    entry = only(read(rss(f"<title>T</title><description>{LONG}</description>")))
    assert isinstance(entry, Article)
    assert entry.text == LONG.strip()
    assert entry.url is None


def test_with_a_link_a_long_summary_is_still_a_summary() -> None:
    entry = only(read(rss(f"<link>https://e.org/</link><description>{LONG}</description>")))
    assert isinstance(entry, Linked)


def test_content_without_words_is_none() -> None:
    entry = only(
        read(
            rss(
                "<title>T</title><link>https://e.org/</link><description>Words.</description>"
                "<content:encoded>&lt;img src='a.png'&gt;</content:encoded>"
            )
        )
    )
    assert isinstance(entry, Linked)
    assert entry.summary == "Words."


@pytest.mark.parametrize(
    "link", ["", "<link>javascript:alert(1)</link>", "<link>ftp://e.org</link>"]
)
def test_an_entry_with_neither_link_nor_text_fails_and_the_others_are_read(link: str) -> None:
    reading = read(rss(f"<title>T</title>{link}", "<link>https://example.org/b</link>"))
    assert [linked.url for linked in reading.linked] == ["https://example.org/b"]
    (failure,) = reading.failures
    assert "Entry 1 of news.rss cannot be read. It has neither a link nor a text." in str(failure)


def test_ids_are_the_same_at_every_poll() -> None:
    first, second, third = (
        f"<guid>tag:{n}</guid><title>Title {n}</title><link>https://e.org/{n}</link>"
        for n in range(3)
    )
    before = {linked.url: linked.id for linked in read(rss(first, second)).linked}
    changed = second.replace("Title 1", "Title 1, corrected")
    after = {linked.url: linked.id for linked in read(rss(third, changed, first)).linked}
    assert before.items() <= after.items()
    assert len(set(after.values())) == 3


def test_what_only_the_feed_says_goes_for_its_entries() -> None:
    head = "<title>The News</title><managingEditor>Ann One</managingEditor>"
    items = ("<link>https://e.org/1</link>", "<link>https://e.org/2</link><author>Bea</author>")
    assert [linked.author for linked in read(rss(*items, head=head)).linked] == ["Ann One", "Bea"]


def test_an_entry_with_markup_nested_too_deeply_fails_alone() -> None:
    deep = escape("<div>" * 2000 + "words")
    head = f"<title>{deep}</title>"
    reading = read(
        rss(f"<description>{deep}</description>", "<link>https://e.org/</link>", head=head)
    )
    assert len(reading.linked) == 1
    assert "Its elements are nested too deeply." in str(reading.failures[0])


def test_an_entry_that_is_named_twice_counts_once() -> None:
    item = "<guid>1</guid><title>{}</title><link>https://e.org/1</link>"
    reading = read(rss(item.format("New"), item.format("Old")))
    assert [linked.title for linked in reading.linked] == ["New"]
    assert reading.failures == ()


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ("<title>Bread &amp;amp; butter</title>", "Bread & butter"),
        ("<title>A &lt;em&gt;loud&lt;/em&gt;\n word</title>", "A loud word"),
        ("<title>\u202fBad&#x2028;news</title>", "Bad news"),
        ("<description>First words here. More.</description>", "First words here. More."),
        ("", "https://e.org/"),
    ],
)
def test_an_entry_has_a_title_on_one_line(item: str, title: str) -> None:
    entry = only(read(rss(item + "<link>https://e.org/</link>")))
    assert entry.title == title


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Mon, 02 Jun 2014 23:30:00 -0500", "2014-06-03"),
        ("2014-06-02T10:00:00Z", "2014-06-02"),
        ("yesterday", None),
        ("Mon, 99 Jun 99999 10:00:00 GMT", None),
    ],
)
def test_a_day_is_an_iso_date_or_none(written: str, day: str | None) -> None:
    entry = only(read(rss(f"<link>https://e.org/</link><pubDate>{written}</pubDate>")))
    assert entry.published == day
    assert day is None or date.fromisoformat(day)


def test_a_broken_feed_with_entries_is_read() -> None:
    broken = rss("<title>A & B</title><link>https://e.org/</link>").removesuffix("</channel></rss>")
    assert [linked.url for linked in read(broken).linked] == ["https://e.org/"]


def test_a_feed_in_the_encoding_that_it_names_is_read() -> None:
    xml = rss("<title>für</title><link>https://e.org/</link>")
    for encoding in ("iso-8859-1", "utf-16"):
        declared = xml.replace('encoding="utf-8"', f'encoding="{encoding}"')
        assert only(read(declared.encode(encoding))).title == "für"


def test_a_feed_without_entries_is_a_feed() -> None:
    assert read(rss()) == Reading()
    assert readers.read(Document("a", rss().encode(), "feed"), "a", Limits()) == Reading()


@pytest.mark.parametrize(
    "content", [b"", b"words", b"<html><body>Words</body></html>", b"\0\xff", b"<svg/>", b"{}"]
)
def test_what_is_no_feed_is_refused(content: bytes) -> None:
    with pytest.raises(ArticleError, match=r"news\.rss cannot be read as a feed") as caught:
        read(content)
    assert caught.value.remedy


def test_no_more_entries_are_read_than_the_limit() -> None:
    items = [f"<link>https://e.org/{n}</link>" for n in range(10)]
    reading = read(rss(*items), Limits(articles=4))
    assert len(reading.linked) == 4
    assert "At most 4 articles" in str(reading.failures[-1])


def test_nothing_that_a_feed_names_is_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the secret words")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        for address in (f"http://127.0.0.1:{port}/x", (tmp_path / "secret").as_uri()):
            xml = (
                f'<?xml version="1.0"?><!DOCTYPE rss SYSTEM "{address}" '
                f'[<!ENTITY x SYSTEM "{address}"><!ENTITY % y SYSTEM "{address}"> %y;]>'
                f'<?xml-stylesheet href="{address}"?>'
                + rss(
                    "<title>T &x;</title><link>https://e.org/</link>"
                    f"<description>&x; &lt;img src='{address}'&gt;</description>"
                ).partition("?>")[2]
            )
            assert "secret words" not in repr(read(xml))
            # What is an address or a path itself is no feed.
            with pytest.raises(ArticleError):
                read(address)
        with pytest.raises(BlockingIOError):
            server.accept()
    with pytest.raises(ArticleError):
        read(str(tmp_path / "secret"))
