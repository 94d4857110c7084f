"""Word documents (.docx): headings, paragraphs, lists, tables and notes as they are read.

python-docx opens the package. The text is collected from its elements here, since its paragraphs
know neither what was inserted with changes tracked, nor content controls, nor notes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import Phrase, phrase
from retrieval.readers import _archive, _metadata
from retrieval.readers._blocks import Block, text_of
from retrieval.readers._docx_styles import Element, Numbering, Styles, W
from retrieval.readers.documents import Document, Reading
from retrieval.readers.plain_text import one_line, title_from_id

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How every file begins that Word wrote before 2007, or protected by a password since."""
_PROTECTED: Final = "EncryptedPackage".encode("utf-16-le")
_PARTS: Final = (".xml", ".rels")
_MATHS: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_UNSEEN: Final = frozenset(
    [
        *(f"{W}{tag}" for tag in ("del", "moveFrom", "pPr", "rPr", "rt", "instrText", "delText")),
        # What older programs show instead of what stands beside it.
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    ]
)
_WORDS: Final = {f"{W}t", f"{_MATHS}t"}
_CHARACTERS: Final = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BLANK_LINES: Final = re.compile(r"[ \t]*\n(?:[ \t]*\n)*")


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The document as one article.

    Deleted and hidden text, comments, running heads and the table of contents are left out; a
    footnote follows the paragraph that refers to it. The title is that of the document's
    properties, else of its title or first heading, else it is made from the id.

    Raises:
        ArticleError: The file is damaged, protected, of an older Word or too large.
    """
    name = document.name
    if document.content.startswith(_OLE):
        raise _older(name, document.content)
    package = _repacked(document, limits)
    try:
        return Reading((_article(package, article_id, document),))
    except (ArticleError, MemoryError):
        raise
    except Exception as error:
        # python-docx trusts its files: a damaged one raises whatever it stumbles over.
        raise _archive.damaged(name, _unreadable(name)) from error


def _unreadable(name: str) -> Phrase:
    return phrase("{name} cannot be read as a Word document.", name=name)


def _repacked(document: Document, limits: Limits) -> io.BytesIO:
    """The package with its XML, whose sizes are checked, and without its pictures."""
    found = _archive.members(
        document.content,
        document.name,
        _unreadable(document.name),
        limits,
        lambda name: name.lower().endswith(_PARTS),
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in found.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return file


def _article(package: io.BytesIO, article_id: str, document: Document) -> Article:
    import docx

    opened = docx.Document(package)
    blocks = list(_Body(opened.part).blocks())
    properties = opened.core_properties
    dates = (properties.created, properties.modified)
    return Article(
        id=article_id,
        title=_metadata.title(properties.title)
        or next((one_line(block.text)[:300] for block in blocks if block.level), "")
        or title_from_id(article_id),
        text=text_of(blocks),
        url=document.url,
        author=_metadata.author(properties.author),
        published=next((_day(date) for date in dates if date is not None), None),
    )


class _Body:
    """The text of one document."""

    def __init__(self, part: Any) -> None:
        related = {relation.reltype.rpartition("/")[2]: relation for relation in part.rels.values()}
        roots = {
            kind: _root(related[kind].target_part)
            for kind in ("styles", "numbering", "footnotes", "endnotes")
            if kind in related and not related[kind].is_external
        }
        self._styles = Styles(roots.get("styles"))
        self._numbering = Numbering(roots.get("numbering"))
        self._notes = {
            kind: {note.get(f"{W}id"): note for note in roots[f"{kind}s"].iterfind(f"{W}{kind}")}
            for kind in ("footnote", "endnote")
            if f"{kind}s" in roots
        }
        self._body = part.element.find(f"{W}body")

    def blocks(self) -> Iterator[Block]:
        """Everything in the order of reading."""
        if self._body is not None:
            yield from self._inside(self._body)

    def _inside(self, container: Element) -> Iterator[Block]:
        for child in container:
            if child.tag == f"{W}p":
                yield from self._paragraph(child)
            elif child.tag == f"{W}tbl":
                yield from self._table(child)
            elif child.tag not in _UNSEEN:
                yield from self._inside(child)

    def _paragraph(self, paragraph: Element) -> Iterator[Block]:
        style = self._styles.of(paragraph)
        if style.is_contents:
            return
        words: list[str] = []
        beside: list[Element] = []
        self._collect(paragraph, words, beside)
        text = _CONTROLS.sub("", "".join(words)).strip()
        if style.level or style.is_title:
            yield Block(" ".join(text.split()), level=style.level or 1)
        elif text and style.numbering is not None:
            mark = self._numbering.mark(style.numbering)
            yield Block(mark + _BLANK_LINES.sub("\n" + " " * len(mark), text), line_of="list")
        else:
            yield Block(_BLANK_LINES.sub("\n", text))
        for container in beside:
            yield from self._inside(container)

    def _collect(self, element: Element, words: list[str], beside: list[Element]) -> None:
        """The words in a paragraph, and what stands beside it: text boxes and notes."""
        for child in element:
            tag = child.tag
            if tag in _WORDS:
                # An entity in it is left out, and what follows that is not.
                words.extend([child.text or "", *(inner.tail or "" for inner in child)])
            elif tag in _CHARACTERS:
                words.append(_CHARACTERS[tag])
            elif tag == f"{W}br":
                words.append("\n")
            elif tag == f"{W}txbxContent":
                beside.append(child)
            elif tag in {f"{W}footnoteReference", f"{W}endnoteReference"}:
                kind = tag.removeprefix(W).removesuffix("Reference")
                # Each note once, so that references in circles come to an end.
                note = self._notes.get(kind, {}).pop(child.get(f"{W}id"), None)
                if note is not None:
                    beside.append(note)
            elif tag not in _UNSEEN and not _is_hidden(child):
                self._collect(child, words, beside)

    def _table(self, table: Element) -> Iterator[Block]:
        for row in _rows(table):
            cells = [
                [block for block in self._inside(cell) if block.text.strip()]
                for cell in _cells(row)
            ]
            if any(len(cell) > 1 for cell in cells):
                # A table that holds whole paragraphs lays out a page.
                for cell in cells:
                    yield from cell
                continue
            line = " | ".join(" ".join("".join(b.text for b in cell).split()) for cell in cells)
            if line.strip(" |"):
                yield Block(line, line_of="table")


def _root(part: Any) -> Element:
    """The part's XML. No entity in it is resolved."""
    from docx.oxml.parser import parse_xml

    return part.element if hasattr(part, "element") else parse_xml(part.blob)


def _rows(table: Element) -> Iterator[Element]:
    """The rows of a table itself, also those in content controls."""
    for child in table:
        if child.tag == f"{W}tr":
            yield child
        elif child.tag not in _UNSEEN and child.tag not in {f"{W}tblPr", f"{W}tblGrid"}:
            yield from _rows(child)


def _cells(row: Element) -> Iterator[Element]:
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag not in _UNSEEN and child.tag != f"{W}trPr":
            yield from _cells(child)


def _is_hidden(run: Element) -> bool:
    vanish = run.find(f"{W}rPr/{W}vanish") if run.tag == f"{W}r" else None
    return vanish is not None and vanish.get(f"{W}val") not in {"0", "false", "off"}


def _day(date: datetime) -> str:
    return date.date().isoformat()


def _older(name: str, content: bytes) -> ArticleError:
    if _PROTECTED in content:
        return ArticleError(
            name,
            phrase("{name} is protected by a password.", name=name),
            remedy=phrase("Save it without the password, and add that file."),
        )
    return ArticleError(
        name,
        phrase("{name} is a document of an older Word.", name=name),
        why=phrase("Such files, whose names end in .doc, are not read."),
        remedy=phrase("Open it in Word or LibreOffice, save it as .docx, and add that file."),
    )
