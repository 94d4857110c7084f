"""The words of a quote as Markdown, shortened around its highlight where they do not fit."""

from __future__ import annotations

from typing import Final

from bot.languages import t
from bot.rendering.blockquote import block_quote
from bot.rendering.excerpts import Excerpt, excerpt
from bot.rendering.layout.marks import small
from bot.rendering.sanitize import units
from retrieval.answers import Quote
from retrieval.articles import Span

LEAST: Final = 250
"""Units in which some words of any quote can be shown."""


def quoted(quote: Quote, limit: int, *, bold: bool) -> str:
    """A block quote of as much of a quote as ``limit`` units (``LEAST`` or more) hold.

    Args:
        bold: Show the highlights in bold. A nearest passage has none to show.
    """
    part = excerpt(quote, lambda part: units(_markdown(quote, part, bold)) <= limit)
    return _markdown(quote, part, bold)


def needed(quote: Quote) -> int:
    """How many units the whole quote takes at most."""
    return units(block_quote(quote.text, _within(quote, quote.span))) + LEAST


def _markdown(quote: Quote, part: Excerpt, bold: bool) -> str:
    lines = block_quote(
        part.span.of(quote.article.text),
        _within(quote, part.span) if bold else (),
        cut_before=part.cut_before,
        cut_after=part.cut_after,
    )
    if not part.is_cut:
        return lines
    note = t(
        "Shortened: the whole paragraph has {characters} characters.",
        characters=part.paragraph_length,
    )
    return f"{lines}\n{small(note)}"


def _within(quote: Quote, span: Span) -> list[Span]:
    """The highlights as stretches of the words that are shown."""
    return [
        Span(max(mark.start, span.start) - span.start, min(mark.end, span.end) - span.start)
        for mark in quote.highlights
        if mark.overlaps(span)
    ]
