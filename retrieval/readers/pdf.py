"""PDF: the text of its pages as paragraphs, without what only the page has.

PDFium reads the file. It keeps the order in which a text was written, which the layout analysis of
pdfminer.six guesses anew (a running head between two paragraphs, list items in pieces), and is
twenty times as fast, so that two thousand pages are read within the time that one file has.
PDFium is not safe to call from several threads at once.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase
from retrieval.readers import _metadata
from retrieval.readers._pdf_lines import Line, lines
from retrieval.readers._pdf_margins import without_margins
from retrieval.readers._pdf_paragraphs import text_of
from retrieval.readers.documents import Document, Reading
from retrieval.readers.plain_text import title_from_id

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_PASSWORD: Final = 4
_SECURITY: Final = 5
"""PDFium's numbers for a password that is missing and for a protection that it does not know."""
_TITLE_SIZE: Final = 1.25
_SAME_SIZE: Final = 0.95
_TITLE_CHARACTERS: Final = 200
_TIMES_THE_TEXT: Final = 2
"""Reading ends at so many times the characters that an article may have: margins are no text."""


def read(document: Document, article_id: str, limits: Limits) -> Reading:
    """The PDF as one article, with the place in its text at which each page begins.

    Lines are joined into paragraphs, words that a hyphen breaks are made whole, and what most
    pages have at their top or foot is left out. The title is that of the file's properties, else
    what its first page has in the largest letters, else it is made from the id.

    Raises:
        ArticleError: The file is damaged, protected, too long or holds no text.
    """
    import pypdfium2

    name = document.name
    try:
        pdf = pypdfium2.PdfDocument(document.content)
    except pypdfium2.PdfiumError as error:
        raise _unopened(name, getattr(error, "err_code", None)) from error
    try:
        count = len(pdf)
        if count > limits.pages:
            raise ArticleError(
                name,
                phrase(
                    "{name} is too long: it has {count} pages, at most {pages} are read.",
                    name=name,
                    count=count,
                    pages=limits.pages,
                ),
                remedy=phrase("Split it into several files."),
            )
        written = without_margins(_pages(pdf, name, limits))
        text, pages = text_of(written)
        return Reading(
            (
                Article(
                    id=article_id,
                    title=_metadata.title(pdf.get_metadata_value("Title"))
                    or _metadata.title(_largest(written))
                    or title_from_id(article_id),
                    text=text,
                    url=document.url,
                    author=_metadata.author(pdf.get_metadata_value("Author")),
                    published=_metadata.published(pdf.get_metadata_value("CreationDate")),
                    pages=pages,
                ),
            )
        )
    finally:
        pdf.close()


def _pages(pdf: PdfDocument, name: str, limits: Limits) -> list[list[Line]]:
    """The lines of each page. A page that cannot be read is empty, unless none can."""
    import pypdfium2

    pages: list[list[Line]] = []
    count = len(pdf)
    unread = characters = 0
    for number in range(count):
        try:
            page = pdf[number]
            try:
                pages.append(lines(page, number))
            finally:
                page.close()
        except (pypdfium2.PdfiumError, ValueError, OverflowError, AssertionError) as error:
            pages.append([])
            unread += 1
            if unread == count:
                raise _damaged(name) from error
        characters += sum(len(line.text) for line in pages[-1])
        if characters > _TIMES_THE_TEXT * limits.characters:
            raise ArticleError(
                name,
                phrase(
                    "{name} is too long: at most {characters} characters are read.",
                    name=name,
                    characters=limits.characters,
                ),
                why=phrase(
                    "Its first {number} of {count} pages have far more.",
                    number=number + 1,
                    count=count,
                ),
                remedy=phrase("Split it into several files."),
            )
    if not any(pages):
        if not count:
            raise _damaged(name)
        raise ArticleError(
            name,
            phrase("{name} has no text: its pages are pictures.", name=name),
            remedy=phrase("Run text recognition over it, such as ocrmypdf, and add the result."),
        )
    return pages


def _largest(pages: list[list[Line]]) -> str | None:
    """What the first page has in the largest letters, where they are larger than the text's."""
    first = next((page for page in pages if page), [])
    size = max((line.size for line in first), default=0.0)
    sizes = [line.size for page in pages for line in page]
    if not sizes or size < _TITLE_SIZE * statistics.median(sizes):
        return None
    title = " ".join(line.text for line in first if line.size > _SAME_SIZE * size)
    return title if len(title) <= _TITLE_CHARACTERS else None


def _unopened(name: str, code: int | None) -> ArticleError:
    if code == _PASSWORD:
        return ArticleError(
            name,
            phrase("{name} is protected by a password.", name=name),
            remedy=phrase("Save it without the password, and add that file."),
        )
    if code == _SECURITY:
        return ArticleError(
            name,
            phrase("{name} is protected in a way that cannot be read.", name=name),
            why=phrase("Only password protection that opens without a password is understood."),
            remedy=phrase("Save it without the protection, and add that file."),
        )
    return _damaged(name)


def _damaged(name: str) -> ArticleError:
    return ArticleError(
        name,
        phrase("{name} cannot be read as a PDF.", name=name),
        why=phrase("It is damaged, cut off, or another kind of file."),
        remedy=phrase(
            "Open it in a PDF viewer, save or print it as a PDF again, and add that file."
        ),
    )
