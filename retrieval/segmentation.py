"""Text into paragraphs, passages and sentences, each by its place in the text.

Nothing here changes a text: every function answers with spans, and cuts only at places where a
reader would (a blank line, the end of a sentence, between words).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
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
_BLANK_LINE: Final = re.compile(r"(?:\r\n|\r(?!\n)|\n)[^\S\r\n]*(?=[\r\n])")
_MARKDOWN_HEADING: Final = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|$)")
_LIST_ITEM: Final = re.compile(r"\s*(?:[•‣▪|>]|[-*+](?=\s)|\d{1,3}[.)](?=\s)|#{1,6}\s)")
_ENDS_A_SENTENCE: Final = re.compile(r"[.!?…。！？｡؟۔।:;,，、：；][\"'”’»)\]）」』*_]*$")
_WORD: Final = re.compile(r"\w")
_INITIALISM: Final = re.compile(r"\b(?:(?:[A-Z]\.){2,}|[ap]\.m\.)\s*\Z")
_INITIALISM_CHARACTERS: Final = 16
_NAME_GOES_ON: Final = re.compile(
    r"[ ]*(?!(?:a|an|the|he|she|it|they|we|i|you|his|her|its|their|our|this|that|these|those|there|"
    r"then|in|on|at|by|for|from|with|as|if|when|while|after|before|but|and|so|no|not|what|who|why|"
    r"how|however|meanwhile|some|many|most|one|two|other|others)\b)[^\W\d_]",
    re.IGNORECASE,
)

_UNMARKED: Final = frozenset({"th", "lo", "km"})
_BETWEEN_CLAUSES: Final = re.compile(
    r"(?<=[\u0e00-\u0eff\u1780-\u17ff]) +(?=[\u0e00-\u0eff\u1780-\u17ff])"
)
_CLAUSE_CHARACTERS: Final = 30

_HEADING_CHARACTERS: Final = 80
_HEADING_WORDS: Final = 12
_MARKDOWN_HEADING_CHARACTERS: Final = 200
_HEADINGS_CHARACTERS: Final = 400
"""Headings right below each other count as one up to this length: each passage under them is
searched with all of their words, so there must be an end to it."""

_SEGMENTED_AT_ONCE: Final = 10_000
"""Longer paragraphs go to the splitter in parts: its memory and regular expressions are for text
of a page, not of a book."""


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
    if _is_markdown_heading(text, paragraph):
        return True
    words = paragraph.of(text)
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
    start = within.start
    while (
        part := next(_at_spaces(text, Span(start, within.end), _SEGMENTED_AT_ONCE), None)
    ) is not None:
        spans = list(_split(text, part, language))
        if len(spans) > 1 and text[part.end : within.end].strip():
            spans.pop()  # It may go on beyond the part, so the next part begins with it.
        found.extend(Sentence(span) for span in (_trimmed(text, span) for span in spans) if span)
        start = spans[-1].end
    return found


def passages(
    article: Article, limit: int = PASSAGE_CHARACTERS, language: Language | None = None
) -> list[Passage]:
    """The passages of an article, in order: each paragraph, cut at sentence ends where it is long.

    A heading that is a paragraph of its own becomes the ``heading`` of what follows it, up to the
    next heading. Markdown headings right below each other are one heading. A short line without a
    ``#`` is a heading only above something longer: of a poem or a list of names every line is
    text. The last paragraph of an article is never a heading, so that no word is left out.
    """
    text = article.text
    blocks = paragraphs(text)
    language = language or language_of(text)
    found: list[Passage] = []
    heading: Span | None = None
    pending: list[tuple[int, Span]] = []  # headings that stand above no text yet
    for number, block in enumerate(blocks, start=1):
        follower = blocks[number] if number < len(blocks) else None
        body = _without_leading_headings(text, block)
        is_named = follower is not None and _names_what_follows(text, block, follower)
        if is_named or body != block:
            own = block if is_named else _trimmed(text, Span(block.start, body.start))
            if pending and own.end - pending[0][1].start > _HEADINGS_CHARACTERS:
                found.extend(Passage(article.id, at, span) for at, span in pending)
                pending.clear()
            pending.append((number, own))
            heading = Span(pending[0][1].start, own.end)
        if not is_named:
            pending.clear()
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


def _is_markdown_heading(text: str, line: Span) -> bool:
    return (
        len(line) <= _MARKDOWN_HEADING_CHARACTERS
        and _MARKDOWN_HEADING.match(text, line.start, line.end) is not None
        and _LINE.fullmatch(text, line.start, line.end) is not None
    )


def _names_what_follows(text: str, block: Span, follower: Span) -> bool:
    if _is_markdown_heading(text, block):
        return True
    return is_heading(text, block) and not is_heading(text, follower)


def _without_leading_headings(text: str, block: Span) -> Span:
    """A block whose first lines are Markdown headings, without them; the block where all are."""
    for line in _LINE.finditer(text, block.start, block.end):
        if line.start() - block.start > _HEADINGS_CHARACTERS:
            return block
        if not _is_markdown_heading(text, Span(*line.span())):
            return _trimmed(text, Span(line.start(), block.end))
    return block


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
            # At least half a limit, so that one long word does not make a hundred scraps.
            least = start + limit // 2
            places = range(end - 1, least, -1)
            end = next((place for place in places if text[place].isspace()), None) or next(
                (place for place in (end, *places) if not _inside_a_character(text, place)), end
            )
        piece = _trimmed(text, Span(start, end))
        if piece:
            yield piece
        start = end
    rest = _trimmed(text, Span(start, span.end))
    if rest:
        yield rest


def _inside_a_character(text: str, place: int) -> bool:
    """Whether a cut here would tear an accent, a vowel sign or an emoji from what it belongs to."""
    joined = "\u200d" in text[place - 1 : place + 1]
    return joined or unicodedata.category(text[place]) in {"Mn", "Mc", "Me"}


def _split(text: str, part: Span, language: Language) -> Iterator[Span]:
    words = _unwrapped(part.of(text))
    cuts = [0]
    for piece in _segmenter(language.code).segment_spans(words):
        # The library promises spans of the text it was given; an end that is not one would make a
        # quote of half a sentence, so anything out of order is passed over.
        if cuts[-1] < piece.end <= len(words) and not _is_within_a_name(words, piece.end, language):
            cuts.extend(_clause_ends(words, cuts[-1], piece.end, language))
            cuts.append(piece.end)
    if cuts[-1] < len(words):
        cuts.extend(_clause_ends(words, cuts[-1], len(words), language))
        cuts.append(len(words))
    for start, end in itertools.pairwise(cuts):
        yield Span(part.start + start, part.start + end)


def _clause_ends(text: str, start: int, end: int, language: Language) -> Iterator[int]:
    """Where to cut a stretch of a language that marks no sentences but has a space after each.

    Clauses and lists have one too, and so have numbers and foreign names, so a space is passed
    over beside those and after a few characters.
    """
    if language.code not in _UNMARKED:
        return
    for space in _BETWEEN_CLAUSES.finditer(text, start, end):
        if space.end() - start >= _CLAUSE_CHARACTERS <= end - space.end():
            yield space.end()
            start = space.end()


def _is_within_a_name(text: str, place: int, language: Language) -> bool:
    """Whether the splitter took the point of "U.S. Army" or "2 a.m. Monday" for a sentence's end.

    The next word decides: where it is none that English sentences begin with, they go on. Half a
    sentence would be a wrong quote, while two in one are merely long.
    """
    return (
        language.code == "en"
        and _INITIALISM.search(text, max(0, place - _INITIALISM_CHARACTERS), place) is not None
        and _NAME_GOES_ON.match(text, place) is not None
    )


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
