"""Documents as no honest program writes them, made here so that none lies in the repository.

``BROKEN`` has each by a name that says what is wrong with it: its format and its bytes. Whatever
reads one must end soon, with an error that names the document or with sound articles.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Final

_DEEP: Final = 100_000
_MANY: Final = 20_000
_SPARSE: Final = 32 * 1024 * 1024
"""Bytes that a few kilobytes of archive unpack to."""

_BINARY: Final = bytes(range(256)) * 64
_RSS: Final = '<?xml version="1.0"?>{doctype}<rss version="2.0"><channel>{inside}</channel></rss>'
_DOCX_NAME: Final = "word/document.xml"
_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CONTENT_TYPES: Final = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS: Final = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
_CONTAINER: Final = (
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="{path}" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)


def bomb(root: str) -> str:
    """A document type with entities that would unfold to ten thousand million characters."""
    entities = ['<!ENTITY a "aaaaaaaaaa">']
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        entities.append(f'<!ENTITY {name} "{f"&{before};" * 10}">')
    return f"<!DOCTYPE {root} [{''.join(entities)}]>"


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return content.getvalue()


def docx(document: str | bytes, more: Mapping[str, str | bytes] | None = None) -> bytes:
    """A Word file around the XML of its document."""
    return archive(
        {
            "[Content_Types].xml": _CONTENT_TYPES,
            "_rels/.rels": _RELATIONS,
            _DOCX_NAME: document,
            **(more or {}),
        }
    )


def epub(package: str | bytes, chapters: Mapping[str, str | bytes], path: str = "a.opf") -> bytes:
    """A book around the XML of its package."""
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": _CONTAINER.format(path=path),
            "a.opf": package,
            **chapters,
        }
    )


def package(*names: str) -> str:
    """The package of a book that names its chapters."""
    items = "".join(
        f'<item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(names)))
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )


def _word(inside: str, doctype: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{doctype}<w:document xmlns:w="{_W}"><w:body>{inside}</w:body>'
        "</w:document>"
    )


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def _rss(inside: str, doctype: str = "") -> bytes:
    return _RSS.format(doctype=doctype, inside=inside).encode()


_TEXTS: Final[dict[str, tuple[str, bytes]]] = {
    f"{kind} {name}": (kind, content)
    for kind in ("text", "markdown", "html", "jsonl", "feed", "pdf", "docx", "epub")
    for name, content in {
        "that is empty": b"",
        "of blanks": b" \r\n\t" * 100,
        "of zero bytes": b"\0" * 1000,
        "that is binary": _BINARY,
        "that is an executable": b"\x7fELF\x02\x01\x01" + b"\0" * 9 + _BINARY,
        "that is a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + _BINARY,
        "of half a surrogate pair": b"words \xed\xa0\x80 words",
        "with the mark of UTF-16 and half a character": b"\xff\xfew\0o",
        "with the mark of UTF-32 and no such characters": b"\xff\xfe\0\0\xff\xff\xff\xff",
        "of one endless word": b"x" * 300_000,
        "of brackets": b"[" * _DEEP,
        "of angle brackets": b"<" * _DEEP,
        "of control characters": b"\x1b[2J\x07\x08words\x7f",
    }.items()
}
_HTML: Final[dict[str, tuple[str, bytes]]] = {
    "html nested too deeply": ("html", b"<div>" * _DEEP + b"words"),
    "html of nested lists": ("html", b"<ul><li>words" * 120),
    "html of nested tables": ("html", b"<table><tr><td>words" * 80),
    "html of unclosed letters": ("html", b"<font>w " * _MANY),
    "html with a huge attribute": ("html", b"<p title='" + b"x" * 11_000_000 + b"'>words"),
    "html with many attributes": (
        "html",
        b"<p " + b" ".join(b"a%d=1" % n for n in range(4000)) + b">words",
    ),
    "html with a bomb": ("html", (bomb("html") + "<p>words &j;</p>").encode()),
    "html of comments": ("html", b"<!--" * _MANY),
    "html with a frame of itself": ("html", b"<iframe src='a.html'></iframe><script>x</script>"),
    "html with false dates": (
        "html",
        b"<meta name=date content='99999-99-99'><title>\x1b[2J</title><p>words words",
    ),
    "html with broken linked data": (
        "html",
        b"<script type='application/ld+json'>" + b"[" * 5000 + b"</script><p>words</p>",
    ),
}
_LINES: Final[dict[str, tuple[str, bytes]]] = {
    "jsonl cut in a line": ("jsonl", b'{"text": "One"}\n{"text": "Tw'),
    "jsonl nested too deeply": ("jsonl", b'{"text": ' * _DEEP),
    "jsonl with an endless number": ("jsonl", b'{"text": "a", "id": ' + b"9" * 9999 + b"}"),
    "jsonl with no number": ("jsonl", b'{"text": "a", "id": NaN, "pages": [Infinity]}'),
    "jsonl of one id": ("jsonl", b'{"text": "a", "id": "x"}\n' * 100),
    "jsonl that is one array": ("jsonl", json.dumps([{"text": "a"}] * 9).encode()),
    "jsonl of halves of pairs": ("jsonl", b'{"text": "a\\ud800", "title": "\\udc00\\u0000"}'),
    "jsonl with false pages": ("jsonl", b'{"text": "abc", "pages": [3, 2, 1]}'),
    "jsonl of wrong lines": ("jsonl", b"x\n" * _MANY),
}
_FEEDS: Final[dict[str, tuple[str, bytes]]] = {
    "feed with a bomb": (
        "feed",
        _rss("<item><title>&j;</title><link>https://e.org</link></item>", bomb("rss")),
    ),
    "feed with a foreign entity": (
        "feed",
        _rss(
            "<item><title>&x;</title><link>https://e.org</link></item>",
            '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        ),
    ),
    "feed of nothing": ("feed", _rss("<item/>" * 3000)),
    "feed of open entries": ("feed", _rss("<item>" * 1000)),
    "feed nested too deeply": ("feed", _rss("<item><title>" + "<b>" * 2000)),
    "feed with markup nested too deeply": (
        "feed",
        _rss("<item><description>" + "&lt;font&gt;" * 2000 + "words</description></item>"),
    ),
    "feed cut in an entry": ("feed", _rss("<item><link>https://e.org</link>")[:100]),
    "feed with false dates": (
        "feed",
        _rss("<item><link>https://e.org</link><pubDate>-1-1-1T99:99Z</pubDate></item>"),
    ),
    "feed with false links": (
        "feed",
        _rss("<item><link>https://[::1</link><guid>javascript:x</guid></item>"),
    ),
    "feed in an unknown encoding": ("feed", b"<?xml version='1.0' encoding='x-none'?><rss/>"),
}
_FRONT: Final[dict[str, tuple[str, bytes]]] = {
    "markdown with nested front matter": ("markdown", b"---\n" + b"[" * 2000 + b"\n---\nwords"),
    "markdown without an end of its front matter": ("markdown", b"---\ntitle: x\nwords"),
    "markdown with a book for a front matter": ("markdown", b"---\n" + b"a: b\n" * _MANY + b"---"),
    "markdown of rules": ("markdown", b"---\n" * _MANY),
}
_PDFS: Final[dict[str, tuple[str, bytes]]] = {
    "pdf of a header alone": ("pdf", b"%PDF-1.7\n"),
    "pdf cut short": ("pdf", b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0"),
    "pdf whose pages hold themselves": (
        "pdf",
        b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2/Parent 2 0 R>>\nendobj\n"
        b"trailer\n<</Root 1 0 R/Size 3>>\nstartxref\n0\n%%EOF",
    ),
    "pdf nested too deeply": ("pdf", b"%PDF-1.4\n1 0 obj\n" + b"[" * _DEEP + b"\ntrailer\n<<>>"),
}
_ARCHIVES: Final[dict[str, tuple[str, bytes]]] = {
    "docx cut short": ("docx", docx(_word(_paragraph("words")))[:-30]),
    "docx that is an archive of something else": ("docx", archive({"a.txt": "words"})),
    "docx of no XML": ("docx", docx("words")),
    "docx that unpacks to much": ("docx", docx(b" " * _SPARSE)),
    "docx with a bomb": ("docx", docx(_word(_paragraph("&j;"), bomb("w:document")))),
    "docx with a foreign entity": (
        "docx",
        docx(
            _word(
                _paragraph("words &x;"),
                '<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            )
        ),
    ),
    "docx nested too deeply": ("docx", docx(_word("<w:p>" * 5000))),
    "docx that climbs out of its folder": (
        "docx",
        docx(_word(_paragraph("words")), {"../../escaped": "words", "/absolute": "words"}),
    ),
    "epub cut short": ("epub", epub(package("a.html"), {"a.html": "<p>words</p>"})[:-30]),
    "epub that is an archive of something else": ("epub", archive({"a.txt": "words"})),
    "epub without chapters": ("epub", epub(package(), {})),
    "epub whose chapters are missing": ("epub", epub(package("a.html", "b.html"), {})),
    "epub whose package is missing": ("epub", epub(package(), {}, "elsewhere.opf")),
    "epub that climbs out of its folder": (
        "epub",
        epub(package("../../../etc/passwd", "file:///etc/passwd", "https://e.org/"), {}),
    ),
    "epub that unpacks to much": (
        "epub",
        epub(package("a.html"), {"a.html": b"<p>" + b" " * _SPARSE}),
    ),
    "epub of one chapter many times": (
        "epub",
        epub(package(*["a.html"] * 3000), {"a.html": "<p>words</p>"}),
    ),
    "epub with a bomb": (
        "epub",
        epub(bomb("package") + package("a.html"), {"a.html": bomb("html") + "<p>words &j;</p>"}),
    ),
    "epub nested too deeply": ("epub", epub(package("a.html"), {"a.html": "<div>" * _DEEP})),
}
BROKEN: Final[Mapping[str, tuple[str, bytes]]] = {
    **_TEXTS,
    **_HTML,
    **_LINES,
    **_FEEDS,
    **_FRONT,
    **_PDFS,
    **_ARCHIVES,
}
