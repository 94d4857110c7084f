"""What could be asked instead, in the articles' own words: their headings, nothing made up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bot.rendering.sanitize import one_line
from retrieval.answers import Answer, Quote
from retrieval.articles import Span
from retrieval.segmentation import is_heading, paragraphs

MOST: Final = 3
_CHARACTERS: Final = 100
_BACK: Final = 200
"""How many paragraphs back a section's heading is looked for."""
_MARKS: Final = re.compile(r"^\s*#{1,6}\s+|\s+#+\s*$")


def rephrasings(question: str, answer: Answer) -> tuple[str, ...]:
    """What the nearest passages are about, as their articles name it; at most ``MOST``, distinct.

    Each is the heading of the passage's section, or its article's title where it has none.
    """
    seen = {"", one_line(question).casefold()}
    found: list[str] = []
    for quote in answer.nearest or answer.quotes:
        topic = next((topic for topic in _topics(quote) if topic.casefold() not in seen), None)
        if topic is not None:
            seen.add(topic.casefold())
            found.append(topic)
    return tuple(found[:MOST])


def _topics(quote: Quote) -> Iterator[str]:
    for topic in (_heading(quote), quote.article.title):
        named = one_line(topic)
        if len(named) <= _CHARACTERS:
            yield named


def _heading(quote: Quote) -> str:
    """The heading that a quote stands under, without its marks; empty where there is none."""
    text = quote.article.text
    blocks = paragraphs(text)
    at = quote.paragraph - 1
    if not 0 <= at < len(blocks):
        return ""
    own = _last_heading_line(text, Span(blocks[at].start, quote.span.start))
    if own:
        return own
    for place in range(at - 1, max(-1, at - 1 - _BACK), -1):
        # A short line right above another is one of a poem or a list, which name nothing.
        if is_heading(text, blocks[place]) and not is_heading(text, blocks[place + 1]):
            return _bare(blocks[place].of(text))
    return ""


def _last_heading_line(text: str, before: Span) -> str:
    """The last Markdown heading among the lines of a block that are above its text."""
    lines = [line for line in before.of(text).splitlines() if _MARKS.match(line)]
    return _bare(lines[-1]) if lines else ""


def _bare(heading: str) -> str:
    return _MARKS.sub("", _MARKS.sub("", heading)).strip()
