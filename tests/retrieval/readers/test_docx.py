from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers import docx as reader
from retrieval.readers.documents import Document
from tests.retrieval.readers.documents_made import (
    damaged,
    damaged_members,
    make_docx,
    make_zip,
    members_of,
    saved,
)

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def read(content: bytes, limits: Limits | None = None) -> Article:
    reading = reader.read(Document("a.docx", content, "docx"), "the-file", limits or Limits())
    (article,) = reading.articles
    return article


def refusal(content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ArticleError) as caught:
        read(content, limits)
    assert caught.value.name == "a.docx"
    assert "a.docx" in caught.value.what
    assert caught.value.remedy
    return str(caught.value)


def with_body(*elements: str) -> bytes:
    """A document of these elements, written as WordprocessingML."""
    document = docx.Document()
    body: Any = document.element.body
    for element in elements:
        body.insert(len(body) - 1, parse_xml(element.replace(">", f" {W}>", 1)))
    return saved(document)


def paragraph(runs: str) -> str:
    return f"<w:p>{runs}</w:p>"


def run(words: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{words}</w:t></w:r>'


def test_headings_paragraphs_lists_and_tables_are_read_in_their_order() -> None:
    content = make_docx(
        [
            ("The harbour", "Title"),
            ("How it was built", "Heading 1"),
            "It has two parts.",
            "They are old.",
            ("The east", "List Bullet"),
            ("The west", "List Bullet"),
            ("First the stones", "List Number"),
            ("Then the sand", "List Number"),
            [["Year", "Ships"], ["2014", "12"]],
            ("Its end", "Heading 2"),
            "It was closed.",
        ]
    )
    assert read(content).text == (
        "# The harbour\n\n# How it was built\n\nIt has two parts.\n\nThey are old.\n\n"
        "- The east\n- The west\n1. First the stones\n2. Then the sand\n\n"
        "Year | Ships\n2014 | 12\n\n## Its end\n\nIt was closed."
    )


def test_the_properties_say_title_author_and_date() -> None:
    content = make_docx(["Text."], "The harbour", "Ann Öz", datetime(2014, 6, 2, 23, tzinfo=UTC))
    article = read(content)
    assert (article.title, article.author, article.published) == (
        "The harbour",
        "Ann Öz",
        "2014-06-02",
    )
    assert (article.source, article.url, article.pages) == (None, None, ())


@pytest.mark.parametrize("title", ["", "Document1", "Word Document", "report.doc", "Untitled"])
def test_without_a_title_the_first_heading_or_the_file_gives_it(title: str) -> None:
    assert read(make_docx(["Text.", ("The\tend", "Heading 2")], title)).title == "The end"
    assert read(make_docx(["Text."], title)).title == "The file"


def test_an_author_that_is_a_program_is_none() -> None:
    assert read(make_docx(["Text."], author="python-docx")).author is None


def test_inserted_text_is_read_and_deleted_text_is_not() -> None:
    content = with_body(
        paragraph(
            run("The ")
            + f'<w:ins w:id="1" w:author="A">{run("new ")}</w:ins>'
            + '<w:del w:id="2" w:author="A"><w:r><w:delText>old </w:delText></w:r></w:del>'
            + f'<w:moveFrom w:id="3" w:author="A">{run("moved ")}</w:moveFrom>'
            + run("harbour.")
        )
    )
    assert read(content).text == "The new harbour."


def test_the_words_of_links_fields_and_content_controls_are_read() -> None:
    content = with_body(
        paragraph(
            run("See ")
            + f'<w:hyperlink w:anchor="x">{run("the map")}</w:hyperlink>'
            + f'<w:fldSimple w:instr="PAGE">{run(" on page 3")}</w:fldSimple>'
            + "<w:r><w:instrText>REF x</w:instrText></w:r>"
            + f"<w:sdt><w:sdtContent>{run(', at the end')}</w:sdtContent></w:sdt>"
        ),
        f"<w:sdt><w:sdtContent>{paragraph(run('A paragraph in a box.'))}</w:sdtContent></w:sdt>",
    )
    assert read(content).text == "See the map on page 3, at the end\n\nA paragraph in a box."


def test_hidden_text_is_not_read() -> None:
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>not </w:t></w:r>"
    shown = '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>open</w:t></w:r>'
    assert read(with_body(paragraph(run("It is ") + hidden + shown))).text == "It is open"


def test_a_line_break_stays_one_and_several_are_no_paragraph() -> None:
    broken = "<w:r><w:t>One</w:t><w:br/><w:br/><w:t>two</w:t><w:tab/><w:t>three</w:t></w:r>"
    assert read(with_body(paragraph(broken))).text == "One\ntwo\tthree"


def test_the_table_of_contents_is_left_out() -> None:
    document = docx.Document()
    document.styles.add_style("toc 1", 1)
    document.add_paragraph("How it was built\t3", style="toc 1")
    document.add_paragraph("The text.")
    assert read(saved(document)).text == "The text."


def test_the_items_of_a_list_are_indented_by_their_level() -> None:
    items = [("One", "List Number"), ("Deep", "List Bullet"), ("Two", "List Number")]
    document = docx.Document()
    for words, style in items:
        made = document.add_paragraph(words, style=style)
        if words == "Deep":
            properties: Any = made._p.get_or_add_pPr()
            properties.append(
                parse_xml(f'<w:numPr {W}><w:ilvl w:val="1"/><w:numId w:val="99"/></w:numPr>')
            )
    assert read(saved(document)).text == "1. One\n  - Deep\n2. Two"


def test_a_footnote_follows_the_paragraph_that_refers_to_it() -> None:
    relation = (
        '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/footnotes" Target="footnotes.xml"/></Relationships>'
    )
    members = members_of(
        with_body(
            paragraph(run("The price rose") + '<w:r><w:footnoteReference w:id="2"/></w:r>'),
            paragraph(run("It fell.")),
        )
    )
    note = (
        '<w:p><w:r><w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> In June.</w:t></w:r></w:p>'
    )
    members["word/footnotes.xml"] = (
        f'<w:footnotes {W}><w:footnote w:id="2">{note}</w:footnote></w:footnotes>'.encode()
    )
    rels = "word/_rels/document.xml.rels"
    members[rels] = members[rels].replace(
        b"</Relationships>",
        relation.encode(),
    )
    types = "[Content_Types].xml"
    members[types] = members[types].replace(
        b"</Types>",
        b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-'
        b'officedocument.wordprocessingml.footnotes+xml"/></Types>',
    )
    assert read(make_zip(members)).text == "The price rose\n\nIn June.\n\nIt fell."


def test_a_table_that_lays_out_a_page_is_read_as_paragraphs() -> None:
    document = docx.Document()
    row = document.add_table(rows=1, cols=2).rows[0]
    row.cells[0].text = "One."
    row.cells[0].add_paragraph("Two.")
    row.cells[1].text = "Three."
    assert read(saved(document)).text == "One.\n\nTwo.\n\nThree."


def test_the_text_of_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent>{paragraph(run('In the box.'))}</w:txbxContent>"
    content = with_body(
        "<w:p><w:r><w:t>Beside.</w:t>"
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f'<mc:Choice Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert read(content).text == "Beside.\n\nIn the box."


def test_an_older_word_document_is_refused_with_the_way_out() -> None:
    assert "older Word" in refusal(OLE)
    assert ".docx" in refusal(OLE)


def test_a_protected_document_is_refused() -> None:
    content = OLE + "EncryptedPackage".encode("utf-16-le")
    assert "protected by a password" in refusal(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"The text.",
        b"PK\x03\x04",
        make_docx(["Text."])[:2000],
        make_zip({"a.txt": b"x"}),
        make_zip({"word/document.xml": b"<a/>"}),
        make_zip(
            {k: v for k, v in members_of(make_docx(["Text."])).items() if k != "word/document.xml"}
        ),
    ],
)
def test_what_is_no_word_document_is_refused(content: bytes) -> None:
    assert "cannot be read as a Word document" in refusal(content)


def test_an_archive_that_unpacks_to_too_much_is_refused_unread() -> None:
    members = members_of(make_docx(["Text."])) | {"word/more.xml": b" " * 3_000_000}
    assert "too large when it is unpacked" in refusal(make_zip(members), Limits(file_bytes=100_000))


def test_an_archive_that_says_less_than_it_holds_is_refused() -> None:
    members = members_of(make_docx(["Text."]))
    content = make_zip(members | {"word/more.xml": b"<a>" + b" " * 3_000_000 + b"</a>"})
    told = content.replace(struct.pack("<I", 3_000_007), struct.pack("<I", 10))
    assert told != content
    assert "cannot be read" in refusal(told, Limits(file_bytes=100_000))


def test_pictures_are_not_unpacked() -> None:
    members = members_of(make_docx(["Text."])) | {"word/media/a.png": b" " * 3_000_000}
    assert read(make_zip(members), Limits(file_bytes=100_000)).text == "Text."


def test_an_entity_is_not_resolved() -> None:
    members = members_of(make_docx(["Text ."]))
    declared = (
        b'<!DOCTYPE d [<!ENTITY file SYSTEM "file:///etc/passwd"><!ENTITY a "aaaaaaaaaa">'
        b'<!ENTITY b "&a;&a;&a;&a;">]>'
    )
    main = members["word/document.xml"].replace(b"?>", b"?>" + declared, 1)
    members["word/document.xml"] = main.replace(b"Text .", b"Text &file;&b;.")
    assert read(make_zip(members)).text == "Text ."


def test_any_depth_of_elements_is_read_or_refused() -> None:
    for depth in (20, 250, 5000):
        nested = "<w:sdt><w:sdtContent>" * depth + "</w:sdtContent></w:sdt>" * depth
        members = members_of(make_docx(["Text."]))
        members["word/document.xml"] = members["word/document.xml"].replace(
            b"<w:sectPr", nested.encode() + b"<w:sectPr", 1
        )
        try:
            assert read(make_zip(members)).text == "Text."
        except ArticleError:
            assert depth > 20


SAMPLE = make_docx(
    [("The harbour", "Heading 1"), "It was closed.", ("One", "List Number"), [["a", "b"]]], "T", "A"
)


@given(st.one_of(damaged([SAMPLE]), damaged_members(SAMPLE), st.binary(max_size=100)))
@settings(max_examples=100)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        article = read(content)
    except ArticleError:
        return
    article.text.encode()
    assert "\0" not in article.text
