"""Documents made to do harm, read by the real readers in the real sandbox."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator

import pytest

from retrieval import readers
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.preparation import prepare
from retrieval.readers.documents import Document
from retrieval.sandbox import Prepared, Sandbox
from tests.retrieval.readers.documents_made import (
    make_docx,
    make_epub,
    make_pdf,
    make_zip,
    members_of,
)

MEGABYTE = 1024 * 1024
LIMITS = Limits(file_bytes=4 * MEGABYTE, read_seconds=15, read_bytes=320 * MEGABYTE)
BOMB = 350 * MEGABYTE

LAUGHS = "".join(
    f'<!ENTITY laugh{n} "{f"&laugh{n - 1};" * 10}">' if n else '<!ENTITY laugh0 "laughter">'
    for n in range(12)
)
DOCTYPE = f"<!DOCTYPE root [{LAUGHS}]>"
FILE = '<!DOCTYPE root [<!ENTITY laugh11 SYSTEM "file:///etc/passwd">]>'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """The real thing, as small as these documents need."""
    with Sandbox(LIMITS) as sandbox:
        yield sandbox


def read(sandbox: Sandbox, content: bytes, kind: str) -> Prepared | ArticleError:
    """What comes of a document, in less than its time; and the next reads well."""
    start = time.monotonic()
    found: Prepared | ArticleError
    try:
        found = sandbox.read(Document(f"a.{kind}", content, kind), "a")
    except ArticleError as error:
        found = error
    assert not isinstance(found, ArticleError) or found.remedy
    assert time.monotonic() - start < LIMITS.read_seconds + 10
    assert sandbox.read(Document("b.txt", b"The next.", "text"), "b").articles
    return found


def read_text(found: Prepared | ArticleError) -> str:
    if isinstance(found, ArticleError):
        return str(found)
    return "\n".join(
        [prepared.article.text for prepared in found.articles]
        + [f"{linked.title} {linked.summary}" for linked in found.linked]
    )


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("markdown", b"---\ntitle: T\n---\n\nA word."),
        ("text", b"A word."),
        ("html", b"<html><meta name=date content=2014-06-02><body><p>Said on May 5th 2013."),
        ("pdf", make_pdf([["A word."], ["Another."]], "T", "A", "D:20140602120000Z")),
        ("docx", make_docx(["A word.", ("Head", "Heading 1"), [["a", "b"]]], "T", "A")),
        ("epub", make_epub(["<h1>One</h1><p>A word.</p>"], "T", "A", "2014-06-02")),
        ("jsonl", b'{"title": "T", "text": "A word."}'),
        (
            "feed",
            b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>1</id>'
            b"<title>One</title><updated>2014-06-02T12:00:00+02:00</updated>"
            b'<link href="http://localhost/1"/><content>A word.</content></entry></feed>',
        ),
    ],
)
def test_what_is_refused_is_missed_by_no_format(
    sandbox: Sandbox, kind: str, content: bytes
) -> None:
    document = Document(f"a.{kind}", content, kind)
    here = readers.read(document, "a", LIMITS)
    there = sandbox.read(document, "a")
    assert there.articles == tuple(map(prepare, here.articles))
    assert there.linked == here.linked
    assert here.articles or here.linked


def page(doctype: str) -> bytes:
    return f"{doctype}<html><body><p>A word: &laugh11;</p></body></html>".encode()


def feed(doctype: str) -> bytes:
    return (
        f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>T</title><item>'
        "<title>One</title><guid>1</guid><link>http://localhost/1</link>"
        "<description>A word: &laugh11;</description></item></channel></rss>"
    ).encode()


def word_file(doctype: str) -> bytes:
    members = members_of(make_docx(["A word: LAUGH"]))
    body = members["word/document.xml"].decode().replace("LAUGH", "&laugh11;")
    declaration, _, rest = body.partition("?>")
    members["word/document.xml"] = f"{declaration}?>{doctype}{rest}".encode()
    return make_zip(members)


def book(doctype: str) -> bytes:
    chapter = (
        f'<?xml version="1.0"?>{doctype}<html xmlns="http://www.w3.org/1999/xhtml"><body>'
        "<p>A word: &laugh11;</p></body></html>"
    )
    return make_epub(["<p>x</p>"], extra={"OEBPS/text/c0.xhtml": chapter.encode()})


WITH_ENTITIES = [("html", page), ("feed", feed), ("docx", word_file), ("epub", book)]


@pytest.mark.parametrize(("kind", "made"), WITH_ENTITIES, ids=[k for k, _ in WITH_ENTITIES])
def test_entities_that_double_without_end_are_not_followed(
    sandbox: Sandbox, kind: str, made: Callable[[str], bytes]
) -> None:
    found = read(sandbox, made(DOCTYPE), kind)
    assert len(read_text(found)) < 100_000


@pytest.mark.parametrize(("kind", "made"), WITH_ENTITIES, ids=[k for k, _ in WITH_ENTITIES])
def test_entities_that_name_a_file_are_not_followed(
    sandbox: Sandbox, kind: str, made: Callable[[str], bytes]
) -> None:
    assert "root:" not in read_text(read(sandbox, made(FILE), kind))


def zeros(name: str, whole: bytes, size: int) -> bytes:
    """An archive in which one member is ``size`` blanks, packed to a few thousandths."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for member, content in members_of(whole).items():
            if member != name:
                archive.writestr(member, content)
        with archive.open(name, "w") as stream:
            for _ in range(size // MEGABYTE):
                stream.write(b" " * MEGABYTE)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["docx", "epub"])
def test_an_archive_that_unpacks_to_much_more_than_a_file_may_have_is_refused(
    sandbox: Sandbox, kind: str
) -> None:
    bomb = (
        zeros("word/document.xml", make_docx(["x"]), 100 * MEGABYTE)
        if kind == "docx"
        else zeros("OEBPS/text/c0.xhtml", make_epub(["<p>x</p>"]), 100 * MEGABYTE)
    )
    assert isinstance(read(sandbox, bomb, kind), ArticleError)


def test_a_page_that_unpacks_to_more_than_there_is_memory_is_refused(sandbox: Sandbox) -> None:
    packer = zlib.compressobj(1)
    packed = (
        b"".join(packer.compress(b"\n" * MEGABYTE) for _ in range(BOMB // MEGABYTE))
        + packer.flush()
    )
    plain = make_pdf([["x"]])
    start, end = plain.index(b"<< /Length"), plain.index(b"endstream")
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\n" % (len(packed), packed)
    found = read(sandbox, plain[:start] + stream + plain[end:], "pdf")
    assert isinstance(found, ArticleError)


@pytest.mark.parametrize(
    "content",
    [b"<div>" * 100_000 + b"Deep.", b"<b><p>" * 3_000 + b"Crossed.", b"<" * 100_000],
    ids=["nested", "crossed", "opened"],
)
def test_a_page_nested_without_end_costs_no_more_than_its_time(
    sandbox: Sandbox, content: bytes
) -> None:
    read(sandbox, b"<html><body>" + content, "html")


@pytest.mark.parametrize(
    "unit",
    ["x", "x ", ". ", "(", '"', "[a](", "a\u0301", "e\u0316\u0301", "漢", "ก", "x" + " " * 500],
)
def test_thousands_of_the_same_are_read(sandbox: Sandbox, unit: str) -> None:
    text = "a" + unit * (20_000 // len(unit))
    found = read(sandbox, text.encode(), "text")
    assert isinstance(found, Prepared)
    assert read_text(found) == text


def test_a_word_as_long_as_a_book_is_read(sandbox: Sandbox) -> None:
    found = read(sandbox, b"x" * 100_000, "text")
    assert isinstance(found, Prepared)
    assert len(found.articles[0].passages) == 100
