from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers.documents import Document
from retrieval.readers.files import open_file

HTML = b"<!doctype html><title>T</title><body><p>The text."
RSS = b'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>T</title></channel></rss>'
ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title></feed>'
RDF = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>'


def read(content: bytes, kind: str = "markdown", limits: Limits | None = None) -> Article:
    document = Document("a.md", content, kind)
    (article,) = readers.read(document, "the-id", limits or Limits()).articles
    return article


def refusal(content: bytes, kind: str = "markdown", limits: Limits | None = None) -> str:
    with pytest.raises(ArticleError) as caught:
        readers.read(Document("a.md", content, kind), "the-id", limits or Limits())
    assert caught.value.name == "a.md"
    assert "a.md" in caught.value.what
    assert caught.value.remedy
    return str(caught.value)


def no_file(path: Path) -> str:
    with pytest.raises(ArticleError) as caught:
        open_file(path, "2014/june.md", Limits())
    assert caught.value.name == "2014/june.md"
    assert "2014/june.md" in caught.value.what
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize("kind", ["markdown", "text", "html"])
def test_a_document_is_read_by_its_format(kind: str) -> None:
    article = read(b"The text.", kind)
    assert (article.id, article.text) == ("the-id", "The text.")


def test_the_words_are_those_of_the_file_to_the_last_carriage_return() -> None:
    content = "One\r\ntwo\rthree\n\u2028\u202eend \U0001f600"
    assert read(content.encode(), "text").text == content


@pytest.mark.parametrize("kind", ["markdown", "text"])
def test_a_byte_order_mark_is_not_text(kind: str) -> None:
    assert read(b"\xef\xbb\xbfText.", kind).text == "Text."


def test_front_matter_is_found_behind_a_byte_order_mark() -> None:
    assert read(b"\xef\xbb\xbf---\ntitle: T\n---\nText.").title == "T"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("für".encode("latin-1"), "not UTF-8 text"),
        (b"\xed\xa0\x80 half a pair", "not UTF-8 text"),
        (b"text\0text", "zero bytes"),
        (b"%PDF\x00\x01", "zero bytes"),
        (b"", "holds no text"),
        (b" \n\r\n\t", "holds no text"),
        (b"\xef\xbb\xbf", "holds no text"),
        (b"--- *** ...", "holds no text"),
        (b"---\ntitle: T\n---\n", "holds no text"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    assert reason in refusal(content)


def test_a_document_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    limits = Limits(file_bytes=100)
    assert len(read(b"x" * 100, limits=limits).text) == 100
    assert "too large: at most 100 bytes" in refusal(b"x" * 101, limits=limits)


def test_a_text_of_the_greatest_length_is_read_and_one_character_more_is_not() -> None:
    limits = Limits(characters=100)
    assert len(read("ü".encode() * 100, limits=limits).text) == 100
    assert "too long: at most 100 characters" in refusal("ü".encode() * 101, limits=limits)


def test_one_article_of_several_may_fail() -> None:
    document = Document("a.jsonl", b'{"text": "Good."}\n{"text": "..."}', "jsonl")
    reading = readers.read(document, "a", Limits())
    assert [article.text for article in reading.articles] == ["Good."]
    assert [str(failure) for failure in reading.failures] == [
        "a.jsonl, a-2 holds no text. Write the article into it."
    ]


def test_another_format_is_refused_with_those_that_are_read() -> None:
    message = refusal(b"x", "exe")
    assert "Markdown (.md), plain text (.txt), HTML (.html), PDF (.pdf)" in message


def test_reading_markdown_loads_no_other_reader() -> None:
    program = (
        "import sys; from retrieval import readers; from retrieval.limits import Limits;"
        "from retrieval.readers.documents import Document;"
        "readers.read(Document('a', b'text', 'markdown'), 'a', Limits());"
        "heavy = {'lxml', 'trafilatura', 'feedparser', 'pdfminer', 'docx', 'charset_normalizer'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_file_is_opened_whole(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xff\0text")
    assert open_file(tmp_path / "a.md", "a.md", Limits()) == b"\xff\0text"


def test_no_more_of_a_file_is_read_than_the_limit(tmp_path: Path) -> None:
    with (tmp_path / "a.md").open("wb") as file:
        file.truncate(1 << 40)
    assert "too large" in no_file(tmp_path / "a.md")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in no_file(tmp_path / "gone.md")


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in no_file(tmp_path / "a\0.md")


def test_a_folder_that_is_named_like_an_article_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    assert "is not a file" in no_file(tmp_path / "a.md")


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    assert "is not a file" in no_file(tmp_path / "a.md")


def test_an_endless_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("/dev/zero")
    assert "is not a file" in no_file(tmp_path / "a.md")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("a.md")
    assert "cannot be read" in no_file(tmp_path / "a.md")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"text")
    path.chmod(0)
    assert "Permission denied" in no_file(path)


def test_hidden_files_and_other_formats_are_not_articles() -> None:
    names = ["a.md", "b.TXT", "c.Pdf", "d.rss", ".hidden.md", ".md", "c.exe", "md", "d.md~"]
    assert [n for n in names if readers.is_readable(Path(n))] == ["a.md", "b.TXT", "c.Pdf", "d.rss"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.md", "markdown"),
        ("A.Text", "text"),
        ("2014/a.b.HTM", "html"),
        ("a.pdf", "pdf"),
        ("a.docx", "docx"),
        ("a.epub", "epub"),
        ("a.jsonl", "jsonl"),
        ("a.atom", "feed"),
        ("a", None),
        ("", None),
        (".md", None),
        ("a.md/", "markdown"),
        ("a.tar.gz", None),
    ],
)
def test_a_name_tells_its_format(name: str, kind: str | None) -> None:
    assert readers.format_of_name(name) == kind


@pytest.mark.parametrize(
    ("media_type", "url", "content", "kind"),
    [
        ("text/html; charset=utf-8", "https://example.org/a.md", HTML, "html"),
        ("Application/PDF", "https://example.org/a", b"", "pdf"),
        ("text/markdown", "https://example.org/", b"", "markdown"),
        ("application/atom+xml", "https://example.org/", b"", "feed"),
        # What the server says is too little, and the address says more.
        ("text/plain", "https://example.org/raw/a.md?x=1#y", b"# T", "markdown"),
        ("application/octet-stream", "https://example.org/a%2Epdf", b"", "pdf"),
        (None, "https://example.org/a.txt", HTML, "text"),
        # Neither says, and the content does.
        ("text/plain", "https://example.org/a", b"words", "text"),
        ("application/octet-stream", "https://example.org/", b"%PDF-1.7\n", "pdf"),
        ("application/zip", "https://example.org/", b"PK\x03\x04" + b"word/document.xml", "docx"),
        (
            None,
            "https://example.org/",
            b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/epub+zip",
            "epub",
        ),
        (None, "https://example.org/", b"PK\x03\x04" + b"META-INF/container.xml", "epub"),
        (None, "https://example.org/", b"PK\x03\x04" + b"xl/workbook.xml", None),
        ("text/xml", "https://example.org/feed.xml", RSS, "feed"),
        ("application/xml", "https://example.org/", ATOM, "feed"),
        (None, "https://example.org/", RDF, "feed"),
        ("application/xml", "https://example.org/", b"<?xml version='1.0'?><svg/>", None),
        (None, "https://example.org/", b"<!-- by hand -->\n" + HTML, "html"),
        (None, "https://example.org/", b"<?xml version='1.0'?><html><body>", "html"),
        (None, "https://example.org/", HTML.decode().encode("utf-16"), "html"),
        (None, "https://example.org/", b"\x89PNG", None),
        ("image/png", "https://example.org/a.md", HTML, None),
        ("video/mp4", "https://example.org/", b"", None),
        (None, "https://[::1", b"", None),
        ("", "", b"", None),
    ],
)
def test_a_response_tells_its_format(
    media_type: str | None, url: str, content: bytes, kind: str | None
) -> None:
    assert readers.format_of_response(media_type, url, content) == kind


def test_a_prolog_without_end_is_looked_through_once() -> None:
    for piece in (b"<?a?>", b"<!--a-->", b"<!doctype a []>", b"<!--", b" "):
        assert readers.format_of_response(None, "", piece * 100_000 + b"x") is None


def test_no_two_formats_share_a_suffix_or_a_media_type() -> None:
    suffixes = [suffix for kind in readers.FORMATS.values() for suffix in kind.suffixes]
    media_types = [media for kind in readers.FORMATS.values() for media in kind.media_types]
    assert len(set(suffixes)) == len(suffixes)
    assert len(set(media_types)) == len(media_types)


@given(st.none() | st.text(max_size=30), st.text(max_size=60), st.binary(max_size=200))
def test_any_response_has_a_format_or_none(
    media_type: str | None, url: str, content: bytes
) -> None:
    kind = readers.format_of_response(media_type, url, content)
    assert kind is None or kind in readers.FORMATS


@pytest.mark.parametrize(
    ("name", "article_id"),
    [
        ("Benghazi_Clashes (2)", "benghazi-clashes-2"),
        ("2014/June", "2014-june"),
        ("Straße", "strasse"),
        ("文章", "文章"),
        ("cafe\u0301", "café"),
        ("../..", "article"),
        ("👍", "article"),
        ("bad\udcff name", "bad-name"),
    ],
)
def test_an_id_is_made_of_words_and_hyphens(name: str, article_id: str) -> None:
    assert readers.slug(name) == article_id


@given(st.text())
def test_any_name_makes_an_id_that_can_be_printed_and_typed(name: str) -> None:
    article_id = readers.slug(name)
    article_id.encode()
    assert article_id.strip("-") == article_id != ""
    assert not any(c.isspace() or c in "/\\." for c in article_id)
