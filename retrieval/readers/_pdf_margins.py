"""What a PDF repeats on its pages and nobody would quote: running heads and page numbers."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from retrieval.readers._pdf_lines import Line

_ROWS: Final = 3
"""How many rows at the top and at the foot of a page may be such lines."""
_MOST: Final = 0.5
"""A line on at least this part of the pages is no text of any of them."""
_MOST_PLACES: Final = 0.6
"""So is one that comes back where at least this part of the pages has lines that do, such as the
title of each chapter on the chapter's own pages."""
_LEAST_PLACES: Final = 6
_NUMBER: Final = re.compile(r"\d{1,5}|(?<!\w)[ivxlc]{1,8}(?!\w)|(?<!\w)[IVXLC]{1,8}(?!\w)")
_NUMBERS: Final = 3
"""How many numbers of a line may be that of its page: "Chapter 2, page 3 of 10" has three."""
_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

_Edge = str
_Said = tuple[_Edge, str]


def without_margins(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The lines of each page, without those at its top and foot that come back on most pages.

    A line comes back with the same words, and the same numbers or one that counts the pages. A
    single page keeps everything, and so does a document that would have nothing left on most.
    """
    edges = [list(_edges(page)) for page in pages]
    seen: Counter[_Said] = Counter()
    for own in edges:
        seen.update({(edge, said) for edge, line in own for said in _sayings(line)})
    times = {
        (edge, id(line)): max(seen[edge, said] for said in _sayings(line))
        for own in edges
        for edge, line in own
    }
    places: Counter[tuple[_Edge, int]] = Counter()
    for own in edges:
        places.update({(edge, _height(line)) for edge, line in own if times[edge, id(line)] > 1})
    written = sum(1 for page in pages if page)
    enough = max(2, _MOST * written)
    enough_places = max(_LEAST_PLACES, _MOST_PLACES * written)
    margins = {
        id(line)
        for own in edges
        for edge, line in own
        if times[edge, id(line)] >= enough
        or (times[edge, id(line)] > 1 and places[edge, _height(line)] >= enough_places)
    }
    kept = [[line for line in page if id(line) not in margins] for page in pages]
    if sum(1 for page in kept if page) < written / 2:
        return [list(page) for page in pages]
    return kept


def _edges(page: Sequence[Line]) -> Iterator[tuple[_Edge, Line]]:
    """The lines of the first and last rows of a page, however many stand side by side in them."""
    by_height = sorted(page, key=lambda line: -line.baseline)
    for edge, lines in (("top", by_height), ("foot", by_height[::-1])):
        for _, row in itertools.islice(itertools.groupby(lines, key=_height), _ROWS):
            yield from ((edge, line) for line in row)


def _sayings(line: Line) -> Iterator[str]:
    """The words of a line, and the same with each of its numbers counted from its page.

    The size of the font belongs to them: a title is no running head, though it reads like one.
    """
    text = f"{line.size:.0f}\0{line.text}"
    yield text.casefold()
    for number in itertools.islice(_NUMBER.finditer(text, text.index("\0")), _NUMBERS):
        ahead = _value(number.group()) - line.page
        yield f"{text[: number.start()]}\0{ahead}\0{text[number.end() :]}".casefold()


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number)
    digits = [_ROMAN[letter] for letter in number.lower()]
    following = [*digits[1:], 0]
    return sum(
        -digit if digit < after else digit for digit, after in zip(digits, following, strict=True)
    )


def _height(line: Line) -> int:
    return round(line.baseline)
