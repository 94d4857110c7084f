"""Text into paragraphs, passages and sentences, each by its place in the text.

Nothing here changes a text: every function answers with spans, and cuts only at places where a
reader would (a blank line, the end of a sentence, between words).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from retrieval.articles import Article, Passage, Sentence, Span
from retrieval.languages import Language, language_of

if TYPE_CHECKING:
    from sentencesplit import Segmenter

PASSAGE_CHARACTERS: Final = 1000
"""A passage is at most this long: about 220 word pieces of English, which one pass encodes."""

_LINE: Final = re.compile(r"[^\r\n]+")
_BLANK_LINE: Final = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*(?=\r\n|\r|\n)")
_MARKDOWN_HEADING: Final = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|$)")
_LIST_ITEM: Final = re.compile(r"\s*(?:[-*+•‣▪|>]|\d{1,3}[.)]|#{1,6}\s)")
_ENDS_A_SENTENCE: Final = re.compile(r"[.!?…。！？｡؟۔।:;,，、：；][\"'”’»)\]）」』*_]*$")
_WORD: Final = re.compile(r"\w")

_HEADING_CHARACTERS: Final = 80
_HEADING_WORDS: Final = 12
_SEGMENTED_AT_ONCE: Final = 10_000
"""The splitter's time grows faster than the text, so longer paragraphs go to it in parts."""


def paragraphs(text: str) -> list[Span]:
    """The paragraphs of a text: blocks between blank lines, or lines where no line is blank.

    Blank lines before the first and after the last word do not count. A span holds no white space
    at either end; the number of a paragraph is its place in the list, from 1.
    """
    whole = _trimmed(text, Span(0, len(text)))
    if not whole:
        return []
    if _BLANK_LINE.search(text, whole.start, whole.end) is None:
        pieces = [Span(*line.span()) for line in _LINE.finditer(text, whole.start, whole.end)]
    else:
        pieces = list(_blocks(text, whole))
    return [piece for piece in (_trimmed(text, piece) for piece in pieces) if piece]


def is_heading(text: str, paragraph: Span) -> bool:
    """Whether a paragraph names a section: a Markdown heading, or one short unfinished line."""
    words = paragraph.of(text)
    if _MARKDOWN_HEADING.match(words):
        return "\n" not in words and "\r" not in words
    return (
        len(words) <= _HEADING_CHARACTERS
        and len(words.split()) <= _HEADING_WORDS
        and _LINE.fullmatch(words) is not None
        and _WORD.search(words) is not None
        and not _LIST_ITEM.match(words)
        and not _ENDS_A_SENTENCE.search(words)
    )


def sentences(text: str, within: Span, language: Language | None = None) -> list[Sentence]:
    """The sentences of ``text[within.start:within.end]``, in order, without white space around.

    Together they hold every character of the stretch that is not white space. Sentence ends are
    those of the library ``sentencesplit`` (pySBD's rules) for the language.
    """
    language = language or language_of(within.of(text))
    found: list[Sentence] = []
    for part in _parts(text, within):
        for span in _split(text, part, language):
            trimmed = _trimmed(text, span)
            if trimmed:
                found.append(Sentence(trimmed))
    return found


def passages(article: Article, limit: int = PASSAGE_CHARACTERS) -> list[Passage]:
    """The passages of an article, in order: each paragraph, cut at sentence ends where it is long.

    A heading that is a paragraph of its own becomes the ``heading`` of what follows it, up to the
    next heading; the last paragraph of an article and the only one are never taken for headings,
    so that no word is left out.
    """
    text = article.text
    blocks = paragraphs(text)
    language = language_of(text)
    found: list[Passage] = []
    heading: Span | None = None
    for number, block in enumerate(blocks, start=1):
        if number < len(blocks) and is_heading(text, block):
            heading = block
            continue
        body = _without_leading_heading(text, block)
        if body != block:
            heading = Span(block.start, _trimmed(text, Span(block.start, body.start)).end)
        for span in _cut(text, body, limit, language):
            found.append(Passage(article.id, number, span, heading))
    return found


def _blocks(text: str, whole: Span) -> Iterator[Span]:
    start = whole.start
    for blank in _BLANK_LINE.finditer(text, whole.start, whole.end):
        yield Span(start, blank.start())
        start = blank.end()
    yield Span(start, whole.end)


def _trimmed(text: str, span: Span) -> Span:
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    return Span(start, max(start, span.end - (len(words) - len(words.rstrip()))))


def _without_leading_heading(text: str, block: Span) -> Span:
    """A Markdown block whose first lines are headings, without them; the block where all are."""
    start = block.start
    for line in _LINE.finditer(text, block.start, block.end):
        if not _MARKDOWN_HEADING.match(line.group()):
            start = line.start()
            break
    else:
        return block
    return _trimmed(text, Span(start, block.end))


def _cut(text: str, block: Span, limit: int, language: Language) -> list[Span]:
    """``block`` in spans of at most ``limit`` characters, cut at sentence ends, else at spaces."""
    if len(block) <= limit:
        return [block]
    spans: list[Span] = []
    for sentence in sentences(text, block, language):
        for piece in _at_spaces(text, sentence.span, limit):
            if spans and piece.end - spans[-1].start <= limit:
                spans[-1] = Span(spans[-1].start, piece.end)
            else:
                spans.append(piece)
    return spans


def _at_spaces(text: str, span: Span, limit: int) -> Iterator[Span]:
    start = span.start
    while span.end - start > limit:
        end = start + limit
        if not text[end].isspace():
            head = text[start:end]
            # At least half a limit, so that one long word does not make a hundred scraps.
            end = start + max((i for i in _spaces(head) if i > limit // 2), default=limit)
        piece = _trimmed(text, Span(start, end))
        if piece:
            yield piece
        start = end
    rest = _trimmed(text, Span(start, span.end))
    if rest:
        yield rest


def _spaces(text: str) -> Iterator[int]:
    return (index for index, character in enumerate(text) if character.isspace())


def _parts(text: str, within: Span) -> Iterator[Span]:
    return _at_spaces(text, within, _SEGMENTED_AT_ONCE)


def _split(text: str, part: Span, language: Language) -> Iterator[Span]:
    words = _unwrapped(part.of(text))
    cuts = [0]
    for piece in _segmenter(language.code).segment_spans(words):
        # The library promises spans of the text it was given; an end that is not one would make a
        # quote of half a sentence, so anything out of order is passed over.
        if cuts[-1] < piece.end <= len(words):
            cuts.append(piece.end)
    if cuts[-1] < len(words):
        cuts.append(len(words))
    for start, end in itertools.pairwise(cuts):
        yield Span(part.start + start, part.start + end)


def _unwrapped(text: str) -> str:
    """``text`` with the line breaks inside its sentences as spaces, one for one.

    A line that starts a list item or a table row keeps its break, which ends a sentence.
    """
    lines = re.split(r"(\r\n|\r|\n)", text)
    parts = [lines[0]]
    for line_break, line in zip(lines[1::2], lines[2::2], strict=True):
        parts.append(line_break if _LIST_ITEM.match(line) else " " * len(line_break))
        parts.append(line)
    return "".join(parts)


@lru_cache(maxsize=32)
def _segmenter(code: str) -> Segmenter:
    from sentencesplit import Segmenter, list_languages

    return Segmenter(language=code if code in list_languages() else "en")
