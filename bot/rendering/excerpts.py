"""The part of a quote that is shown where the whole does not fit: around its highlight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.rendering.sanitize import longest, word_boundary
from retrieval.answers import Quote
from retrieval.articles import Span
from retrieval.cohesion import opens_leaning
from retrieval.languages import language_of
from retrieval.segmentation import paragraphs, sentences


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of an article to be shown, and whether its paragraph goes on at either end.

    ``span`` is in article offsets; ``paragraph_length`` counts the characters of the whole
    paragraph.
    """

    span: Span
    cut_before: bool
    cut_after: bool
    paragraph_length: int

    @property
    def is_cut(self) -> bool:
        return self.cut_before or self.cut_after


def excerpt(quote: Quote, fits: Callable[[Excerpt], bool]) -> Excerpt:
    """As much of a quote as fits: all of it, or whole sentences around its highlight.

    A single sentence that is too long is cut between words.

    Args:
        fits: Says of an excerpt whether it can be shown; a part of one that fits must fit too.
    """
    paragraph = _paragraph(quote)

    def of(span: Span) -> Excerpt:
        return Excerpt(
            span=span,
            cut_before=_is_cut(quote, Span(paragraph.start, span.start)),
            cut_after=_is_cut(quote, Span(span.end, paragraph.end)),
            paragraph_length=len(paragraph),
        )

    whole = of(quote.span)
    return whole if fits(whole) else of(_around_highlight(quote, lambda span: fits(of(span))))


def _around_highlight(quote: Quote, fits: Callable[[Span], bool]) -> Span:
    text = quote.article.text
    parts = [sentence.span for sentence in sentences(text, quote.span)] or [quote.span]
    highlight = next(iter(quote.highlights), parts[0])
    first = next((i for i, part in enumerate(parts) if part.overlaps(highlight)), 0)
    last = first
    leans = opens_leaning(parts[first].of(text), language_of(text))
    if leans and first > 0 and fits(Span(parts[first - 1].start, parts[first].end)):
        first -= 1
    if not fits(parts[first]):
        start = parts[first].start
        room = longest(len(parts[first]), lambda length: fits(Span(start, start + length)))
        return Span(start, start + max(1, word_boundary(parts[first].of(text), room)))
    # What follows explains more often than what precedes, so it goes first.
    growing = {"after", "before"}
    while growing:
        if last + 1 < len(parts) and fits(Span(parts[first].start, parts[last + 1].end)):
            last += 1
        else:
            growing.discard("after")
        if first > 0 and fits(Span(parts[first - 1].start, parts[last].end)):
            first -= 1
        else:
            growing.discard("before")
    return Span(parts[first].start, parts[last].end)


def _paragraph(quote: Quote) -> Span:
    """The whole paragraph that the quote is from; the quote itself where it names none."""
    found = paragraphs(quote.article.text)
    if 0 < quote.paragraph <= len(found):
        paragraph = found[quote.paragraph - 1]
        if paragraph.start <= quote.span.start and quote.span.end <= paragraph.end:
            return paragraph
    return quote.span


def _is_cut(quote: Quote, missing: Span) -> bool:
    """Whether words are missing there; the headings of a Markdown block are not missed."""
    lines = (line.strip() for line in missing.of(quote.article.text).splitlines())
    return any(line and not line.startswith("#") for line in lines)
