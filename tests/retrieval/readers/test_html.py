from __future__ import annotations

import pytest

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers.documents import Document
from retrieval.readers.html import declared_encoding, text_of_fragment
from retrieval.segmentation import is_heading, paragraphs

FILLING = "".join(
    f"<p>On day {day} the fighting in the city went on, and nobody knew how it would end.</p>"
    for day in range(8)
)
PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Clashes in Benghazi - CNN</title>
<meta property="og:site_name" content="CNN"><meta name="author" content="Ann One">
<meta property="article:published_time" content="2014-06-02T10:00:00Z">
<link rel="canonical" href="/2014/clashes"><script>var tracker = 1;</script></head>
<body><nav><a href="/">Home</a> <a href="/world">World</a></nav>
<article><h1>Clashes in Benghazi</h1>
<p>Fighting <b>erupted</b> at dawn &amp; went on, <a href="https://x.example">officials</a>
said.</p>{FILLING}
<h2>What <i>happened</i></h2><p>Forces attacked at 2&nbsp;a.m.<br>Rockets answered.</p>
<ul><li>One thing<ul><li>inside it</li></ul></li><li>Another</li></ul>
<ol><li>First</li><li>Second</li></ol>
<table><tr><th>Name</th><th>Dead</th></tr><tr><td>A</td><td>3</td></tr></table>
<pre>def f(x):

    return x  *  2</pre>
<blockquote><p>It is quiet.</p></blockquote>
<img src="a.png" alt="A picture"><p>The last words, with 1 &lt; 2.</p></article>
<footer>Copyright 2014 CNN. All rights reserved.</footer></body></html>"""


def read(page: str | bytes, url: str | None = None) -> Article:
    content = page if isinstance(page, bytes) else page.encode()
    reading = readers.read(Document("a.html", content, "html", url), "the-file", Limits())
    (article,) = reading.articles
    return article


def test_a_page_is_its_main_text_and_what_it_says_of_itself() -> None:
    article = read(PAGE, "https://example.org/fetched")
    assert article.title == "Clashes in Benghazi"
    assert article.source == "CNN"
    assert article.author == "Ann One"
    assert article.published == "2014-06-02"
    assert article.url == "https://example.org/2014/clashes"
    for elsewhere in ("Home", "World", "Copyright", "tracker", "https:", "picture", "&amp;"):
        assert elsewhere not in article.text
    assert "Fighting erupted at dawn & went on, officials said." in article.text
    assert "The last words, with 1 < 2." in article.text


def test_the_text_is_in_paragraphs_and_its_headings_are_known_as_such() -> None:
    text = read(PAGE).text
    blocks = [span.of(text) for span in paragraphs(text)]
    headings = [span.of(text) for span in paragraphs(text) if is_heading(text, span)]
    assert headings[:2] == ["# Clashes in Benghazi", "## What happened"]
    assert blocks[-7:] == [
        "- One thing\n  - inside it\n- Another",
        "1. First\n2. Second",
        "Name | Dead\nA | 3",
        "def f(x):",
        "return x  *  2",
        "It is quiet.",
        "The last words, with 1 < 2.",
    ]
    assert "def f(x):\n\n    return x  *  2" in text
    assert "Forces attacked at 2\xa0a.m.\nRockets answered." in text


@pytest.mark.parametrize(
    ("head", "url", "kept"),
    [
        ("<link rel='canonical' href='https://example.org/a'>", None, "https://example.org/a"),
        ("<link rel=canonical href=../b>", "https://example.org/x/y/z", "https://example.org/x/b"),
        (
            "<meta property='og:url' content='https://example.org/a'>",
            None,
            "https://example.org/a",
        ),
        ("", "https://example.org/fetched", "https://example.org/fetched"),
        ("<link rel='canonical' href='/a'>", None, None),
        ("<link rel='canonical' href='javascript:alert(1)'>", "https://e.org/", "https://e.org/"),
        ("<link rel='canonical' href='http://[::1'>", "https://e.org/", "https://e.org/"),
        ("<link rel='canonical' href='https://'>", None, None),
        ("<link rel='icon' href='https://example.org/i'>", None, None),
    ],
)
def test_the_address_is_the_pages_own_where_it_is_one(
    head: str, url: str | None, kept: str | None
) -> None:
    assert read(f"<html><head>{head}</head><body><p>Words.</p></body></html>", url).url == kept


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("Just words", "Just words"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<title>T</title><body><div>One<div>Two</div>three</div>", "One\n\nTwo\n\nthree"),
        ("<nav>Home</nav><p>Words</p><style>p{}</style><script>x</script>", "Words"),
        ("<nav>Home alone</nav>", "Home alone"),
        ("<p>a<br><br>b</p>", "a\n\nb"),
        ("<p>a<!-- not this -->b<?nor this?></p>", "ab"),
        ("<p>&#27;[31mred&#0;&#x80;</p>", "[31mred\ufffd€"),
        ("<p hidden>secret</p><p>shown</p>", "shown"),
        (
            "<table><tr><td><p>One</p><p>Two</p></td><td>Three</td></tr></table>",
            "One\n\nTwo\n\nThree",
        ),
        ("<dl><dt>Word</dt><dd>Its meaning</dd></dl>", "Word\nIts meaning"),
        ("<h3>\n A   head\n ing</h3>Words", "### A head ing\n\nWords"),
        ("<ruby>漢<rt>kan</rt></ruby>字", "漢字"),
    ],
)
def test_a_short_page_is_all_its_words(page: str, text: str) -> None:
    assert read(page).text == text


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<title>The &amp;\n title</title><p>Words", "The & title"),
        ("<p>Words", "The file"),
        ("<title> </title><p>Words", "The file"),
        (f"<title>Cats | A book</title><nav><h1>Keys</h1></nav><h1>Cats</h1>{FILLING}", "Cats"),
    ],
)
def test_a_page_has_a_title(page: str, title: str) -> None:
    assert read(page).title == title


def test_an_endless_title_is_cut() -> None:
    assert len(read(f"<title>{'word ' * 10_000}</title><p>Words").title) <= 501


@pytest.mark.parametrize(
    "page",
    [
        "<meta charset=windows-1252><p>für Übermut",
        "<meta http-equiv='Content-Type' content='text/html; charset=iso-8859-1'><p>für Übermut",
        "<?xml version='1.0' encoding='iso-8859-1'?><html><body><p>für Übermut</p></body></html>",
    ],
)
def test_the_encoding_is_the_one_that_the_page_names(page: str) -> None:
    assert read(page.encode("cp1252")).text == "für Übermut"
    assert read(page).text == "für Übermut"
    assert declared_encoding(page.encode()) in {"windows-1252", "iso-8859-1"}


def test_a_page_in_utf_16_is_read() -> None:
    assert read("<meta charset=utf-8><p>für Übermut".encode("utf-16")).text == "für Übermut"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("", "cannot be read as HTML"),
        ("<!-- nothing -->", "cannot be read as HTML"),
        ("<p></p>", "a.html holds no text. Write"),
        (
            "<div id=root></div><script src=app.js></script>"
            "<noscript>You need to enable JavaScript to run this app.</noscript>",
            "fills itself by JavaScript",
        ),
        ("<div>" * 100_000 + "deep", "nested too deeply"),
        ("<b>" * 300 + "deep", "nested too deeply"),
        ("<p>\0</p>", "not a text file"),
    ],
)
def test_a_page_without_words_is_refused_with_the_reason(page: str, reason: str) -> None:
    with pytest.raises(ArticleError) as caught:
        read(page)
    assert reason in str(caught.value)
    assert caught.value.remedy


def test_nested_elements_are_read_as_deep_as_the_parser_goes() -> None:
    assert read("<div>" * 200 + "deep down").text == "deep down"


def test_a_fragment_is_all_main_text() -> None:
    fragment = "Loose &amp; <b>bold</b>.<p>One</p><aside>Aside</aside><ul><li>a<li>b</ul>"
    assert text_of_fragment(fragment) == "Loose & bold.\n\nOne\n\nAside\n\n- a\n- b"
    assert text_of_fragment("") == ""
    with pytest.raises(RecursionError):
        text_of_fragment("<b>" * 300 + "deep")


def test_the_servers_charset_comes_before_the_pages() -> None:
    page = "<html><head><meta charset='utf-8'></head><body><p>Über die Brücke fuhr ein Zug.</p>"
    document = Document("a.html", page.encode("latin-1"), "html", charset="iso8859-1")
    (article,) = readers.read(document, "a", Limits()).articles
    assert article.text == "Über die Brücke fuhr ein Zug."
