from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers import epub
from retrieval.readers.documents import Document, Reading
from tests.retrieval.readers.documents_made import (
    damaged,
    damaged_members,
    make_epub,
    make_zip,
    members_of,
)

OPF = "OEBPS/content.opf"


def reading_of(content: bytes, limits: Limits | None = None) -> Reading:
    return epub.read(Document("a.epub", content, "epub"), "the-file", limits or Limits())


def read(content: bytes, limits: Limits | None = None) -> Article:
    (article,) = reading_of(content, limits).articles
    return article


def refusal(content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ArticleError) as caught:
        read(content, limits)
    assert caught.value.name == "a.epub"
    assert "a.epub" in caught.value.what
    assert caught.value.remedy
    return str(caught.value)


def replaced(content: bytes, name: str, old: bytes, new: bytes) -> bytes:
    members = members_of(content)
    assert old in members[name]
    return make_zip(members | {name: members[name].replace(old, new)})


def encryption(algorithm: str, uri: str) -> dict[str, bytes]:
    return {
        "META-INF/encryption.xml": (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
            'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
            f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>'
            f'<enc:CipherReference URI="{uri}"/></enc:CipherData></enc:EncryptedData></encryption>'
        ).encode()
    }


def test_chapters_are_read_in_their_order_with_headings_lists_and_tables() -> None:
    content = make_epub(
        [
            "<h1>The harbour</h1><p>It has <b>two</b>\n parts.</p><p>They are old.</p>"
            "<ul><li>The east</li><li>The west</li></ul><p>Of:</p>"
            "<ol><li>Stones</li><li>Sand</li></ol>",
            "<h2>Its end</h2><table><tr><th>Year</th><th>Ships</th></tr>"
            "<tr><td>2014</td><td>12</td></tr></table><p>It was closed.</p>",
        ]
    )
    assert read(content).text == (
        "# The harbour\n\nIt has two parts.\n\nThey are old.\n\n- The east\n- The west\n\n"
        "Of:\n\n1. Stones\n2. Sand\n\n## Its end\n\nYear | Ships\n2014 | 12\n\nIt was closed."
    )


def test_the_package_says_title_author_date_and_publisher() -> None:
    content = make_epub(
        ["<p>Text.</p>"], "The harbour", "Ann Öz", "2014-06-02T00:00:00Z", "Stone & Sons"
    )
    assert read(content) == Article(
        id="the-file",
        title="The harbour",
        text="Text.",
        source="Stone & Sons",
        author="Ann Öz",
        published="2014-06-02",
    )


def test_what_the_package_does_not_say_is_none_and_the_file_gives_the_title() -> None:
    article = read(make_epub(["<p>Text.</p>"]))
    assert article.title == "The file"
    assert (article.source, article.author, article.published) == (None, None, None)


def test_several_authors_are_named_and_the_translator_is_not() -> None:
    people = (
        b'<dc:creator id="one">Ann</dc:creator><dc:creator>Ben</dc:creator>'
        b'<dc:creator id="two">Cy</dc:creator><meta refines="#one" property="role">aut</meta>'
        b'<meta refines="#two" property="role">trl</meta></metadata>'
    )
    content = replaced(make_epub(["<p>Text.</p>"]), OPF, b"</metadata>", people)
    assert read(content).author == "Ann, Ben"


def test_of_several_dates_that_of_publication_counts() -> None:
    dates = (
        b'<dc:date xmlns:opf="http://www.idpf.org/2007/opf" opf:event="conversion">2020</dc:date>'
        b'<dc:date xmlns:opf="http://www.idpf.org/2007/opf" opf:event="publication">1890</dc:date>'
        b"</metadata>"
    )
    content = replaced(make_epub(["<p>Text.</p>"]), OPF, b"</metadata>", dates)
    assert read(content).published == "1890"


def test_contents_scripts_and_styles_are_left_out() -> None:
    body = (
        "<script>alert(1)</script><style>p {}</style><nav><ol><li>Chapter 1</li></ol></nav>"
        "<p>Text.</p><script src='a.js'/><p>More.</p>"
    )
    assert read(make_epub([body])).text == "Text.\n\nMore."


def test_the_list_of_contents_of_an_older_book_is_left_out() -> None:
    guide = b'<guide><reference type="toc" href="text/c0.xhtml#top"/></guide></package>'
    content = make_epub(["<p>Chapter 1</p>", "<p>Text.</p>"])
    assert read(replaced(content, OPF, b"</package>", guide)).text == "Text."


def test_the_entities_of_html_are_characters() -> None:
    body = "<p>Caf&eacute;&nbsp;&mdash;&#160;&lt;b&gt; &amp; &unknown; more</p>"
    text = read(make_epub([body])).text
    assert text.startswith("Café\xa0—\xa0<b> &")
    assert text.endswith("more")


def test_a_chapter_that_is_not_well_formed_is_read_as_a_browser_would() -> None:
    assert read(make_epub(["<p>One<br>two<p>Three & four"])).text == "One\ntwo\n\nThree & four"


def test_names_with_spaces_and_folders_are_found() -> None:
    content = make_epub(["<p>Text.</p>"], extra={"A b/c.xhtml": b"<html><body>Far.</body></html>"})
    content = replaced(content, OPF, b'href="text/c0.xhtml"', b'href="../A%20b/c.xhtml#part"')
    assert read(content).text == "Far."


@pytest.mark.parametrize("href", [b"../../../../etc/passwd", b"/etc/passwd", b"file:///etc/passwd"])
def test_a_name_never_leads_out_of_the_archive(href: bytes) -> None:
    content = make_epub(["<p>Text.</p>", "<p>More.</p>"])
    content = replaced(content, OPF, b'href="text/c0.xhtml"', b'href="' + href + b'"')
    assert read(content).text == "More."


def test_a_chapter_that_is_missing_is_a_failure_beside_the_rest() -> None:
    content = make_epub(["<p>Text.</p>", "<p>More.</p>"])
    members = members_of(content)
    del members["OEBPS/text/c1.xhtml"]
    reading = reading_of(make_zip(members))
    assert reading.articles[0].text == "Text."
    assert [str(failure) for failure in reading.failures] == [
        "a.epub lacks a chapter. Its list of contents names OEBPS/text/c1.xhtml, which is not in "
        "the file. Add another copy of the book."
    ]


def test_a_chapter_that_the_spine_repeats_is_read_once() -> None:
    content = make_epub(["<p>Text.</p>"])
    again = b'<itemref idref="c0"/>' * 1000
    assert read(replaced(content, OPF, b"<spine>", b"<spine>" + again)).text == "Text."


def test_a_protected_book_is_refused() -> None:
    extra = encryption("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/text/c0.xhtml")
    message = refusal(make_epub(["\x01\x02"], extra=extra))
    assert "protected against copying" in message


@pytest.mark.parametrize(
    ("algorithm", "uri"),
    [
        ("http://www.idpf.org/2008/embedding", "OEBPS/fonts/a.otf"),
        ("http://ns.adobe.com/pdf/enc#RC", "OEBPS/fonts/obfuscated"),
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OEBPS/fonts/a.TTF"),
    ],
)
def test_protected_fonts_are_no_obstacle(algorithm: str, uri: str) -> None:
    assert read(make_epub(["<p>Text.</p>"], extra=encryption(algorithm, uri))).text == "Text."


def test_a_book_of_pictures_is_refused() -> None:
    assert "has no text" in refusal(make_epub(["<img src='a.png'/>"]))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"The text.",
        make_epub(["<p>Text.</p>"])[:400],
        make_zip({"mimetype": b"application/epub+zip"}),
        make_epub(["<p>Text.</p>"], extra={"META-INF/container.xml": b"<container/>"}),
        make_epub(["<p>Text.</p>"], extra={"META-INF/container.xml": b"no xml"}),
        make_epub(["<p>Text.</p>"], extra={OPF: b"<package"}),
    ],
)
def test_what_is_no_epub_is_refused(content: bytes) -> None:
    assert "cannot be read as an EPUB" in refusal(content)


def test_an_archive_that_unpacks_to_too_much_is_refused_unread() -> None:
    content = make_epub(["<p>Text.</p>", " " * 3_000_000])
    assert "too large when it is unpacked" in refusal(content, Limits(file_bytes=100_000))


def test_an_archive_that_says_less_than_it_holds_is_refused() -> None:
    content = make_epub(["<p>Text.</p>"], extra={"OEBPS/more.xhtml": b" " * 3_000_007})
    told = content.replace(struct.pack("<I", 3_000_007), struct.pack("<I", 10))
    assert told != content
    assert "cannot be read" in refusal(told, Limits(file_bytes=100_000))


def test_pictures_are_not_unpacked() -> None:
    content = make_epub(["<p>Text.</p>"], extra={"OEBPS/a.jpg": b" " * 3_000_000})
    assert read(content, Limits(file_bytes=100_000)).text == "Text."


def test_an_entity_that_the_book_declares_is_not_resolved() -> None:
    declared = (
        b'<!DOCTYPE html [<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">'
        b'<!ENTITY b "&a;&a;&a;&a;">]>'
    )
    content = make_epub(["<p>Text &file;&b;.</p>"])
    content = replaced(content, "OEBPS/text/c0.xhtml", b"<!DOCTYPE html>", declared)
    assert read(content).text == "Text ."


def test_any_depth_of_elements_is_read_or_refused() -> None:
    for depth in (20, 250, 5000):
        content = make_epub(["<div>" * depth + "<p>Text.</p>" + "</div>" * depth, "<p>More.</p>"])
        try:
            assert read(content).text in {"Text.\n\nMore.", "More."}
        except ArticleError:
            assert depth > 20


SAMPLE = make_epub(["<h1>The harbour</h1><p>It was closed.</p>", "<p>More.</p>"], "T", "A", "2014")


@given(st.one_of(damaged([SAMPLE]), damaged_members(SAMPLE), st.binary(max_size=100)))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        articles = reading_of(content).articles
    except ArticleError:
        return
    for article in articles:
        article.text.encode()
        assert "\0" not in article.text
