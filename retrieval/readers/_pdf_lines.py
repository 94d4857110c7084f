"""The lines of a PDF page: their words and where they stand, in the order they were written.

PDFium finds characters, spaces and the ends of lines. Its order is that in which the page was
written, which is the order of reading in nearly every document. Only text that was written row by
row across two columns is put into order here.
"""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import statistics
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

SOFT_HYPHEN: Final = "\u00ad"
"""At the end of a line: a hyphen that may belong to the word or only to the break."""

_LINE_BREAKS: Final = frozenset("\r\n")
_PIECE: Final = re.compile("[\r\n]+|[^\\s\x02\ufffe\u00ad]+[\x02\ufffe\u00ad]?")
"""The end of a line, or a word with the hyphen that breaks it."""
_BROKEN_WORD: Final = frozenset("\x02\ufffe\u00ad")
"""What PDFium gives for a hyphen at which the text goes on in another line."""
_LIGATURES: Final = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
)
_GUTTER: Final = 1.2
"""The least space between two columns, in font sizes: lines of one column are spaced less."""
_COLUMN_LINES: Final = 5
_COLUMN_CHARACTERS: Final = 20
"""Below these it is a table, which is read row by row."""
_CELLS_APART: Final = 1.6
_SAME_ROW: Final = 0.3
"""In font sizes: what stands less above or below each other stands side by side."""
_SAMPLED: Final = 7
_TURNED: Final = 0.1
"""A page with a smaller part of turned words has them in its margin: a stamp, not the text."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, from ``left`` to ``right`` in points."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """Words on one baseline.

    Attributes:
        page: Its number, from 0.
        baseline: Its height above the foot of the page, in points.
        size: The font's size in points, as it is printed.
        bold: Whether the line begins and ends in a bold font.
    """

    words: tuple[Word, ...]
    page: int
    baseline: float
    size: float
    bold: bool

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    @property
    def is_row(self) -> bool:
        """Whether words stand so far apart that they are cells of a table."""
        return any(_width(gap) > _CELLS_APART * self.size for gap in _gaps(self))


@dataclass(frozen=True, slots=True)
class _Glyphs:
    """A word as PDFium has it: the page's characters ``[start, end)``."""

    text: str
    start: int
    end: int


def lines(page: PdfPage, number: int) -> list[Line]:
    """The lines of ``page``, the document's page ``number`` from 0."""
    text_page = page.get_textpage()
    try:
        rows = [(_turn(text_page.raw, row), row) for row in _rows(_characters(text_page))]
        turns = Counter(turn for turn, row in rows for _ in row)
        usual = max(turns, key=lambda turn: turns[turn], default=0)
        if turns[usual] > (1 - _TURNED) * turns.total():
            rows = [(turn, row) for turn, row in rows if turn == usual]
        placed = [line for _, row in rows for line in _lines(text_page.raw, row, number, usual)]
    finally:
        text_page.close()
    return _by_columns(_side_by_side(placed))


def _characters(text_page: PdfTextPage) -> str:
    """The characters of a page, each at the place by which PDFium knows it."""
    import pypdfium2.raw as pdfium

    count = text_page.count_chars()
    text: str = text_page.get_text_range() if count else ""
    if len(text) == count:
        return text
    # Some are left out of the text, so they are asked for one by one, which takes longer.
    raw = text_page.raw
    codes = (pdfium.FPDFText_GetUnicode(raw, index) for index in range(count))
    return "".join(chr(min(code, sys.maxunicode)) for code in codes)


def _rows(characters: str) -> Iterator[list[_Glyphs]]:
    """The words of each line, cut where PDFium ends a line or a hyphen breaks a word."""
    row: list[_Glyphs] = []
    for found in _PIECE.finditer(characters):
        piece = found.group()
        if piece[0] in _LINE_BREAKS:
            if row:
                yield row
            row = []
            continue
        word = _clean(piece)
        if word:
            row.append(_Glyphs(word, *found.span()))
            if word.endswith(SOFT_HYPHEN):
                yield row
                row = []
    if row:
        yield row


def _turn(text_page: object, row: Sequence[_Glyphs]) -> int:
    """By how many quarters a row is turned clockwise."""
    import pypdfium2.raw as pdfium

    # Below 0 where none is known.
    angle: float = pdfium.FPDFText_GetCharAngle(text_page, row[0].start)
    return round(max(0.0, angle) / (math.pi / 2)) % 4


def _clean(piece: str) -> str:
    """A word without what nobody sees, and with its ligatures as the letters that they are."""
    if piece.isascii() and piece.isprintable():
        return piece
    kept = "".join(
        character
        for character in piece.translate(_LIGATURES)
        if unicodedata.category(character) not in {"Cc", "Cs", "Cn"}
        and character not in _BROKEN_WORD
        and character != "\ufeff"
    )
    return kept + SOFT_HYPHEN if kept and piece[-1] in _BROKEN_WORD else kept


def _lines(text_page: object, row: Sequence[_Glyphs], number: int, turn: int) -> Iterator[Line]:
    """A row where it stands on the page once that is held so that its text is upright.

    PDFium takes a head and a foot for one row where nothing stands between them; they are two.
    """
    import pypdfium2.raw as pdfium

    across, up = ((1, 0), (0, -1), (-1, 0), (0, 1))[turn], ((0, 1), (1, 0), (0, -1), (-1, 0))[turn]
    box = pdfium.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    placed: list[tuple[Word, float, _Glyphs]] = []
    size = 0.0
    for word in row:
        pdfium.FPDFText_GetCharOrigin(text_page, word.start, x, y)
        pdfium.FPDFText_GetLooseCharBox(text_page, word.end - 1, box)
        left = across[0] * x.value + across[1] * y.value
        ends = (
            across[0] * box.left + across[1] * box.bottom,
            across[0] * box.right + across[1] * box.top,
        )
        height = up[0] * x.value + up[1] * y.value
        if placed and abs(height - placed[-1][1]) > size:
            yield _line(text_page, placed, number)
            placed = []
        if not placed:
            size = _size(text_page, word.start)
        placed.append((Word(word.text, left, max(left, *ends)), height, word))
    yield _line(text_page, placed, number)


def _line(text_page: object, placed: Sequence[tuple[Word, float, _Glyphs]], number: int) -> Line:
    starts = [glyphs.start for _, _, glyphs in placed]
    # A few words tell the size of a line, however many of them are names in a smaller font.
    sampled = starts[:: max(1, len(starts) // _SAMPLED)]
    return Line(
        words=tuple(word for word, _, _ in placed),
        page=number,
        baseline=statistics.median(height for _, height, _ in placed),
        size=statistics.median_high(_size(text_page, start) for start in sampled),
        bold=_is_bold(text_page, starts[0]) and _is_bold(text_page, starts[-1]),
    )


def _size(text_page: object, index: int) -> float:
    """The font's size as it is printed: a font of size 1 is as large as it is drawn."""
    import pypdfium2.raw as pdfium

    size: float = pdfium.FPDFText_GetFontSize(text_page, index)
    matrix = pdfium.FS_MATRIX()
    if pdfium.FPDFText_GetMatrix(text_page, index, matrix):
        size *= (matrix.c**2 + matrix.d**2) ** 0.5
    return min(max(size, 0.1), 1000.0)


def _is_bold(text_page: object, index: int) -> bool:
    import pypdfium2.raw as pdfium

    name = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, name, len(name), flags)
    named = name.value.lower()
    return b"bold" in named or b"black" in named or b"-bd" in named or b"cmbx" in named


def _side_by_side(written: Sequence[Line]) -> list[Line]:
    """Lines with those joined that follow each other on one baseline, such as cells of a table."""
    joined: list[Line] = []
    for line in written:
        before = joined[-1] if joined else line
        down = abs(line.baseline - before.baseline)
        if joined and down < _SAME_ROW * max(line.size, before.size) and line.left >= before.right:
            larger = max(before, line, key=lambda part: len(part.words))
            joined[-1] = replace(
                larger, words=before.words + line.words, bold=before.bold and line.bold
            )
        else:
            joined.append(line)
    return joined


def _by_columns(written: list[Line]) -> list[Line]:
    """Lines that run across two columns, cut at the gutter and read down one column at a time."""
    ordered: list[Line] = []
    run: list[Line] = []
    gutter = (0.0, 0.0)
    for line in written:
        goes_on = bool(run) and line.baseline < run[-1].baseline
        narrowed = _narrowed(gutter, line) if goes_on else None
        if narrowed is not None:
            run.append(line)
            gutter = narrowed
            continue
        ordered.extend(_columns(run, gutter))
        run = [line]
        gutter = max(_gaps(line), key=_width, default=(0.0, 0.0))
    ordered.extend(_columns(run, gutter))
    return ordered


def _narrowed(gutter: tuple[float, float], line: Line) -> tuple[float, float] | None:
    """What of ``gutter`` is still empty with ``line``, where that is enough for a gutter."""
    sides = [(-math.inf, line.left), *_gaps(line), (line.right, math.inf)]
    shared = ((max(gutter[0], start), min(gutter[1], end)) for start, end in sides)
    widest = max(shared, key=_width)
    return widest if _width(widest) > line.size * _GUTTER else None


def _gaps(line: Line) -> list[tuple[float, float]]:
    return [
        (before.right, after.left)
        for before, after in itertools.pairwise(line.words)
        if after.left - before.right > line.size * _GUTTER
    ]


def _width(gap: tuple[float, float]) -> float:
    return gap[1] - gap[0]


def _columns(run: Sequence[Line], gutter: tuple[float, float]) -> list[Line]:
    middle = sum(gutter) / 2
    sides: list[list[Line]] = []
    for is_left in (True, False):
        side = []
        for line in run:
            words = tuple(word for word in line.words if (word.left < middle) == is_left)
            if words:
                side.append(replace(line, words=words))
        sides.append(side)
    if all(_is_column(side) for side in sides):
        return [*sides[0], *sides[1]]
    return list(run)


def _is_column(side: Sequence[Line]) -> bool:
    return (
        len(side) >= _COLUMN_LINES
        and statistics.median(len(line.text) for line in side) >= _COLUMN_CHARACTERS
    )
