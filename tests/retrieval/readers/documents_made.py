"""Small documents made in code: PDF by hand, Word with python-docx, EPUB as an archive."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial, reduce
from typing import Any, Final
from xml.sax.saxutils import escape

from hypothesis import strategies as st

PAGE: Final = (595, 842)
"""Width and height of A4, in points."""
_MARGIN: Final = 60
_LEADING: Final = 14
_SIZE: Final = 11

_PADDING: Final = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
"""What the PDF standard fills passwords up with."""

Placed = tuple[str, float, float, float]
"""A line: its words, the place of its first letter from the lower left corner, its font size."""


def make_pdf(
    pages: Sequence[Sequence[str]],
    title: str | None = None,
    author: str | None = None,
    created: str | None = None,
) -> bytes:
    """A PDF with a line of text for each string, from the top down; an empty one is a gap.

    Args:
        created: The date as PDF writes it, such as ``D:20140602120000Z``.
    """
    return make_placed_pdf(
        [
            [
                (line, _MARGIN, PAGE[1] - _MARGIN - row * _LEADING, _SIZE)
                for row, line in enumerate(page)
                if line
            ]
            for page in pages
        ],
        {"Title": title, "Author": author, "CreationDate": created},
    )


def make_placed_pdf(
    pages: Sequence[Sequence[Placed]],
    information: Mapping[str, str | None] | None = None,
    *,
    turned: bool = False,
) -> bytes:
    """A PDF in Helvetica with each line where it is told to stand, written in the given order.

    Args:
        turned: Print along the long side of each page, which a viewer turns to be read.
    """
    turn = "0 1 -1 0" if turned else "1 0 0 1"
    bodies: list[bytes] = [b""] * 3
    kids = []
    for page in pages:
        shown = "\n".join(
            f"BT /F1 {size} Tf {turn} {PAGE[0] - y if turned else x:.2f} "
            f"{x if turned else y:.2f} Tm ({_pdf_text(words)}) Tj ET"
            for words, x, y, size in page
        ).encode("cp1252", "replace")
        number = len(bodies) + 1
        kids.append(f"{number} 0 R")
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE[0]} {PAGE[1]}] "
            f"/Rotate {90 if turned else 0} "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {number + 1} 0 R >>".encode()
        )
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown))
    bodies[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    bodies[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    bodies[2] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    fields = {key: value for key, value in (information or {}).items() if value is not None}
    written = " ".join(
        f"/{key} <{value.encode('utf-16').hex() if not value.isascii() else value.encode().hex()}>"
        for key, value in fields.items()
    )
    bodies.append(f"<< {written} >>".encode())
    return pdf_file(bodies)


def pdf_file(bodies: Sequence[bytes], trailer: str = "") -> bytes:
    """Objects 1, 2, … with their table; the first is the catalogue, the last the properties."""
    content = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (
        content
        + (
            f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
            f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R /Info {len(bodies)} 0 R {trailer}\n"
            f">>\nstartxref\n{len(content)}\n%%EOF\n"
        ).encode()
    )


def make_protected_pdf(line: str, password: str) -> bytes:
    """A PDF of one line, encrypted as PDF 1.3 does it; an empty password opens without asking."""
    identity, permissions = bytes(16), struct.pack("<i", -4)
    padded = (password.encode("latin-1") + _PADDING)[:32]
    owner = _rc4(_md5(padded)[:5], padded)
    key = _md5(padded + owner + permissions + identity)[:5]
    shown = f"BT /F1 {_SIZE} Tf 60 700 Td ({_pdf_text(line)}) Tj ET".encode("cp1252")
    shown = _rc4(_md5(key + bytes([5, 0, 0, 0, 0]))[:10], shown)
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
        b"/Resources << /Font << /F1 3 0 R >> >> /Contents 5 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>"
        % (owner.hex().encode(), _rc4(key, _PADDING).hex().encode()),
        b"<< >>",
    ]
    return pdf_file(bodies, f"/Encrypt 6 0 R /ID [<{identity.hex()}> <{identity.hex()}>]")


def make_docx(
    paragraphs: Sequence[str | tuple[str, str] | Sequence[Sequence[str]]],
    title: str | None = None,
    author: str | None = None,
    created: datetime | None = datetime(2014, 6, 2, tzinfo=UTC),
) -> bytes:
    """A Word document.

    Args:
        paragraphs: Each a text, a text with the name of its style (``"Heading 1"``,
            ``"List Bullet"``), or the rows of a table.
    """
    import docx

    document = docx.Document()
    for paragraph in paragraphs:
        if isinstance(paragraph, str):
            document.add_paragraph(paragraph)
        elif isinstance(paragraph, tuple):
            document.add_paragraph(paragraph[0], style=paragraph[1])
        else:
            table = document.add_table(rows=0, cols=max(map(len, paragraph)))
            for row in paragraph:
                for cell, words in zip(table.add_row().cells, row, strict=False):
                    cell.text = words
    document.core_properties.title = title or ""
    document.core_properties.author = author or ""
    if created is not None:
        document.core_properties.created = created
    return saved(document)


def saved(document: Any) -> bytes:
    """A document of python-docx as a file."""
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def make_epub(
    chapters: Sequence[str],
    title: str | None = None,
    author: str | None = None,
    published: str | None = None,
    publisher: str | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> bytes:
    """An EPUB whose chapters have these bodies, as XHTML.

    Args:
        extra: More members of the archive, which also replace its own.
    """
    fields = {"title": title, "creator": author, "date": published, "publisher": publisher}
    metadata = "".join(
        f"<dc:{key}>{escape(value)}</dc:{key}>" for key, value in fields.items() if value
    )
    items = "".join(
        f'<item id="c{n}" href="text/c{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    members = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": (
            b'<?xml version="1.0"?><container version="1.0" '
            b'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            b'<rootfile full-path="OEBPS/content.opf" '
            b'media-type="application/oebps-package+xml"/></rootfiles></container>'
        ),
        "OEBPS/content.opf": (
            '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
            f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata>'
            '<manifest><item id="nav" href="nav.xhtml" properties="nav" '
            f'media-type="application/xhtml+xml"/>{items}</manifest>'
            f'<spine><itemref idref="nav"/>{spine}</spine></package>'
        ).encode(),
        "OEBPS/nav.xhtml": _xhtml("<nav><ol><li>Contents</li></ol></nav>"),
    }
    members |= {f"OEBPS/text/c{n}.xhtml": _xhtml(body) for n, body in enumerate(chapters)}
    return make_zip(members | dict(extra or {}))


def make_zip(members: Mapping[str, bytes]) -> bytes:
    """An archive of these members, compressed except the first, as EPUB wants it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (name, content) in enumerate(members.items()):
            kind = zipfile.ZIP_DEFLATED if number else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(name), content, kind)
    return file.getvalue()


def members_of(content: bytes) -> dict[str, bytes]:
    """The members of an archive, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _xhtml(body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Not shown</title></head>'
        f"<body>{body}</body></html>"
    ).encode()


def damaged(contents: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of ``contents`` with bits turned, pieces lost, moved and put in, or cut off."""
    return st.sampled_from(contents).flatmap(
        lambda content: st.lists(_damages(max(1, len(content))), min_size=1, max_size=8).map(
            lambda damages: reduce(lambda part, damage: damage(part), damages, content)
        )
    )


def damaged_members(content: bytes) -> st.SearchStrategy[bytes]:
    """An archive that is whole, with one of its members damaged."""
    members = members_of(content)
    return st.sampled_from(sorted(members)).flatmap(
        lambda name: damaged([members[name]]).map(lambda part: make_zip(members | {name: part}))
    )


def _damages(length: int) -> st.SearchStrategy[Callable[[bytes], bytes]]:
    places = st.integers(0, length - 1)
    return st.one_of(
        st.builds(lambda at, bit: partial(_turned, at=at, bit=bit), places, st.integers(0, 7)),
        st.builds(lambda at, put: partial(_spliced, at=at, put=put), places, st.binary(max_size=9)),
        st.builds(lambda at, of: partial(_repeated, at=at, of=of), places, places),
        st.builds(lambda at: lambda part: part[:at], places),
    )


def _turned(part: bytes, at: int, bit: int) -> bytes:
    if at >= len(part):
        return part
    return part[:at] + bytes([part[at] ^ 1 << bit]) + part[at + 1 :]


def _spliced(part: bytes, at: int, put: bytes) -> bytes:
    return part[:at] + put + part[at + len(put) // 2 :]


def _repeated(part: bytes, at: int, of: int) -> bytes:
    return part[:at] + part[of : of + 200] + part[at:]


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def _rc4(key: bytes, content: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    result = bytearray()
    for byte in content:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        result.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(result)


def _pdf_text(words: str) -> str:
    return words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
