"""How much of anything is read: what keeps one article from costing everybody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds within which articles are read and kept.

    Attributes:
        file_bytes: Of one file or web page.
        pages: Of one paged document, such as a PDF.
        characters: Of one article's text.
        articles: In the collection of one server.
        passages: In the collection of one server.
        read_seconds: For reading one file and all the articles in it.
        read_bytes: Of memory for the same.
    """

    file_bytes: int = 20 * 1024 * 1024
    pages: int = 2000
    characters: int = 4_000_000
    articles: int = 1000
    passages: int = 20_000
    read_seconds: float = 60.0
    read_bytes: int = 1024 * 1024 * 1024
