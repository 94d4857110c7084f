"""The lines of a PDF joined into paragraphs, by how they stand on the page."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from retrieval.readers._pdf_lines import SOFT_HYPHEN, Line

_SAME_SIZE: Final = 0.1
_SAME_ROW: Final = 0.3
_INDENT: Final = 0.8
"""In font sizes: less is a margin that is not quite straight."""
_SPACING: Final = 1.25
"""A line that is further below than this, in usual line distances, begins a paragraph."""
_USUAL_LEADING: Final = 1.3
_WIDEST_LEADING: Final = 2.6
"""In font sizes: what is further apart are not the lines of one paragraph anywhere."""
_USUAL: Final = 0.15
"""The usual distance of lines is the smallest that this part of them has."""
_COLUMN: Final = 3.0
"""Lines whose left ends lie closer than this, in font sizes, stand in one column."""
_FULL: Final = 0.85
"""This part of a column's lines ends left of what counts as its right edge."""
_SHORT: Final = 0.25
"""A line that leaves this part of its column empty, and more than the next word takes, was ended
on purpose even in the middle of a sentence: verse, an address, a program."""

_ENDS: Final = re.compile(
    r"(?:[.!?…。！？｡؟۔।:：][\"'”’»)\]）」』*]*|(?<=[a-z]{3})[.!?][\"'”’)]*\d{1,3})$"
)
"""The end of a sentence, also with the number of a footnote behind it."""
_BULLET: Final = re.compile(r"[•‣▪◦●○■□·](?:\s|$)")
_NUMBERED: Final = re.compile(r"(?:[–—*-]|\(?(?:\d{1,3}|[a-zA-Z])[.)]|\[\d{1,3}\])\s")
"""What opens an item of a list, or stands at the start of a line by chance."""
_LEADER: Final = re.compile(r"(?:\. ?){4,}\s*\w+$")
"""What leads to the page number in a table of contents."""
_LAST_WORD: Final = re.compile(r"(?:\w+[-‐])*\w+\Z")
_FIRST_WORD: Final = re.compile(r"\w+")
_COMPOUND: Final = re.compile(r"\w+(?:[-‐]\w+)*")
_COMPOUNDING: Final = frozenset({"ex", "self", "well"})
"""What begins so many compounds that its hyphen stays where nothing tells that it goes."""
_UNSPACED: Final = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LOOKED_AT: Final = 200
"""How much of a line's end is searched: no line is longer, except to waste time."""
_HYPHENS: Final = f"-‐{SOFT_HYPHEN}"


@dataclass(slots=True)
class Paragraph:
    """Lines that are read as one; before each but the first stands a space or a line break."""

    lines: list[Line]
    breaks: list[str] = field(default_factory=list)

    def add(self, line: Line, between: str) -> None:
        self.lines.append(line)
        self.breaks.append(between)


def text_of(pages: Sequence[Sequence[Line]]) -> tuple[str, tuple[int, ...]]:
    """The text of a document, its paragraphs between blank lines, and where its pages begin."""
    known = _vocabulary(pages)
    parts: list[str] = []
    length = 0
    begins: dict[int, int] = {}
    for paragraph in _paragraphs(pages):
        if parts:
            parts.append("\n\n")
            length += 2
        for index, line in enumerate(paragraph.lines):
            between = paragraph.breaks[index - 1] if index else ""
            words = line.text
            if between == " ":
                drop, between = _joint(parts[-1], words, known)
                parts[-1] = parts[-1][: len(parts[-1]) - drop]
                length -= drop
            elif parts and parts[-1].endswith(SOFT_HYPHEN):
                parts[-1] = parts[-1][:-1] + "-"
            begins.setdefault(line.page, length + len(between))
            parts.append(between + words)
            length += len(parts[-1])
    text = "".join(parts).replace(SOFT_HYPHEN, "-")
    offsets: list[int] = []
    following = len(text)
    for page in reversed(range(len(pages))):
        following = min(begins.get(page, following), following)
        offsets.append(following)
    return text, tuple(reversed(offsets))


def _paragraphs(pages: Sequence[Sequence[Line]]) -> Iterator[Paragraph]:
    leadings = _leadings(pages)
    open_one: Paragraph | None = None
    last_edges: dict[int, float] = {}
    for lines in pages:
        edges = _right_edges(lines)
        for line in lines:
            if open_one is None:
                open_one = Paragraph([line])
                continue
            before = open_one.lines[-1]
            edge = (edges if before.page == line.page else last_edges).get(id(before), before.right)
            between = _between(open_one, line, edge, leadings)
            if between is None:
                yield open_one
                open_one = Paragraph([line])
            else:
                open_one.add(line, between)
        if lines:
            last_edges = edges
    if open_one is not None:
        yield open_one


def _between(
    paragraph: Paragraph, line: Line, edge: float, leadings: Mapping[int, float]
) -> str | None:
    """What stands between a paragraph and the line after it; ``None`` where it ends there.

    Args:
        edge: Where the lines of the paragraph's column end, in points.
        leadings: The usual distance of lines, by class of font size.
    """
    before = paragraph.lines[-1]
    em = before.size
    down = before.baseline - line.baseline
    if abs(line.size - em) > _SAME_SIZE * em:
        return None
    if line.bold != before.bold and not _goes_on(before, line):
        return None
    if _LEADER.search(_end_of(before)):
        return "\n"
    ends = _ENDS.search(_end_of(before)) is not None
    # A line is ended on purpose where the next word would have fitted into it.
    room = edge - before.right - (line.words[0].right - line.words[0].left)
    ended = room > 0.8 * em
    short = ended and room > _SHORT * (edge - before.left)
    if line.page != before.page or down <= 0:
        # At the top of the next page or column the text goes on only where that is clear.
        full = len(paragraph.lines) > 1 and not ended
        goes_on = _goes_on(before, line) and not short
        return " " if not ends and not _is_item(line) and (full or goes_on) else None
    if before.is_row and line.is_row and down < _WIDEST_LEADING * em:
        return "\n"
    leading = leadings.get(_size_class(line), _USUAL_LEADING * em)
    if down > _SPACING * leading or line.left >= edge or line.right <= before.left:
        return None
    if before.text[-1] in _HYPHENS and before.text[-2:-1].isalpha() and line.text[0].islower():
        return " "
    if _is_item(line) and (ends or ended or _BULLET.match(line.text)):
        return "\n"
    indent = (line.left - before.left) / em
    if abs(indent) <= _INDENT:
        if ended and ends:
            return None
        return "\n" if short else " "
    if _is_centred(before, line, edge):
        return None if ends and ended else " "
    # The first line of a paragraph may stand further in than the others, or further out.
    is_second = len(paragraph.lines) == 1 or paragraph.breaks[-1] == "\n"
    if is_second:
        return " " if not ended or (_goes_on(before, line) and not short) else None
    return " " if not ended and not ends else None


def _end_of(line: Line) -> str:
    return line.text[-_LOOKED_AT:]


def _is_item(line: Line) -> bool:
    return _BULLET.match(line.text) is not None or _NUMBERED.match(line.text) is not None


def _goes_on(before: Line, line: Line) -> bool:
    """Whether a sentence that ``before`` leaves open goes on in ``line``."""
    return line.text[0].islower() and _ENDS.search(_end_of(before)) is None


def _is_centred(before: Line, line: Line, edge: float) -> bool:
    middles = (before.left + before.right) / 2, (line.left + line.right) / 2
    return abs(middles[0] - middles[1]) < _INDENT * line.size and before.right < edge - line.size


def _size_class(line: Line) -> int:
    return round(line.size * 2)


def _leadings(pages: Sequence[Sequence[Line]]) -> dict[int, float]:
    """The usual distance between the lines of a paragraph, for each class of font size."""
    distances: defaultdict[int, list[float]] = defaultdict(list)
    for lines in pages:
        for before, line in itertools.pairwise(lines):
            down = before.baseline - line.baseline
            if (
                _size_class(before) == _size_class(line)
                and _SAME_ROW * line.size < down < _WIDEST_LEADING * line.size
            ):
                distances[_size_class(line)].append(down)
    found = {}
    for size, downs in distances.items():
        classes = Counter(round(down) for down in downs)
        usual = (
            min(down for down, times in classes.items() if times >= _USUAL * len(downs))
            if max(classes.values()) >= _USUAL * len(downs)
            else statistics.median(downs)
        )
        found[size] = max(float(usual), 1.0)
    return found


def _right_edges(lines: Sequence[Line]) -> dict[int, float]:
    """For each line, by its identity, where the lines of its column and font size end."""
    columns: defaultdict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in lines:
        columns[_size_class(line), round(line.left / (_COLUMN * line.size))].append(line)
    edges = {}
    for (size, column), own in columns.items():
        beside = [
            line.right for near in (-1, 0, 1) for line in columns.get((size, column + near), [])
        ]
        beside.sort()
        edge = beside[min(len(beside) - 1, int(_FULL * len(beside)))]
        for line in own:
            edges[id(line)] = max(edge, line.right)
    return edges


def _vocabulary(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Every word that stands whole in a line, with its hyphens."""
    return frozenset(
        found.casefold()
        for lines in pages
        for line in lines
        for found in _COMPOUND.findall(line.text.rstrip(_HYPHENS))
    )


def _joint(before: str, after: str, known: frozenset[str]) -> tuple[int, str]:
    """How many characters end ``before`` that are not read, and what is read instead."""
    if before[-1] not in _HYPHENS:
        unspaced = _UNSPACED.match(before[-1]) and _UNSPACED.match(after)
        return (0, "") if unspaced else (0, " ")
    head, tail = _LAST_WORD.search(before[-_LOOKED_AT:-1]), _FIRST_WORD.match(after[:_LOOKED_AT])
    kept = (1, "-") if before[-1] == SOFT_HYPHEN else (0, "")
    if head is None or tail is None:
        is_dash = before[-1] != SOFT_HYPHEN and before[-2:-1].isspace()
        return (0, " ") if is_dash else kept
    whole = head.group() + tail.group()
    if whole.casefold() in known:
        return 1, ""
    is_compound = (
        f"{head.group()}-{tail.group()}".casefold() in known
        or len(head.group()) == 1
        or head.group().casefold() in _COMPOUNDING
        or not head.group()[-1].isalpha()
        or "-" in head.group()
        or (tail.group()[0].isupper() and not whole.isupper())
        or not tail.group()[0].isalpha()
    )
    return kept if is_compound else (1, "")
