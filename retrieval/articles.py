"""What the corpus is made of: articles, their passages and their sentences.

Every part knows its place as ``[start, end)``, counted in Unicode code points of the article's
text, so that what is quoted can be checked against it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch ``[start, end)`` of an article's text, in code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The words of this stretch in ``text``."""
        return text[self.start : self.end]

    def overlaps(self, other: Span) -> bool:
        """Whether both share at least one character."""
        return self.start < other.end and other.start < self.end

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Article:
    """A text and where it comes from. ``text`` is exactly what quotes are cut from.

    ``pages`` has where each page of a paged document begins in the text, in rising order: page 1
    first. It is empty where there are no pages.
    """

    id: str
    title: str
    text: str
    source: str | None = None
    url: str | None = None
    author: str | None = None
    published: str | None = None
    pages: tuple[int, ...] = ()

    def page_of(self, offset: int) -> int | None:
        """The number of the page, from 1, on which ``text[offset]`` stands."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None

    @property
    def digest(self) -> str:
        """SHA-256 over text and metadata, as hexadecimal: changes when anything shown changes."""
        fields = (
            self.id,
            self.title,
            self.source,
            self.url,
            self.author,
            self.published,
            self.pages,
            self.text,
        )
        return hashlib.sha256(repr(fields).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of an article, or part of a long one: what is searched and quoted.

    ``paragraph`` counts from 1. ``heading`` is the section heading that the passage stands under
    when that is a paragraph of its own: it helps to find the passage and is not quoted with it.
    """

    article: str
    paragraph: int
    span: Span
    heading: Span | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, without the white space around it."""

    span: Span
