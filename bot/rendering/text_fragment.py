"""A link that leads to the very words: the page opens there, with the words marked.

A text fragment (WICG, https://wicg.github.io/scroll-to-text-fragment/) names the first and the
last words of what is to be marked, ``#:~:text=[prefix-,]start[,end][,-suffix]``. The browser takes
the first place on the page where they stand, which so has to be the right one; where it finds none,
it opens the page at its top.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from retrieval.articles import Article, Span

URL_BYTES: Final = 512
DIRECTIVE_CHARACTERS: Final = 300

_ADDRESS: Final = "-._~:/?#@!$&'*+,;=%"
"""What may stand in an address as it is. Brackets would end the Markdown link around it."""
_WEB: Final = re.compile(r"https?://[^/\s]", re.IGNORECASE)
_DIRECTIVE: Final = ":~:"
_MESSAGE: Final = re.compile(r"https://(?:\w+\.)?discord(?:app)?\.com/channels/", re.IGNORECASE)
"""A message in Discord, which is no page: its address says all."""

_LINE: Final = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LIST_MARK: Final = re.compile(r"\s*(?:[-*+•‣▪>]|\d{1,3}[.)]|#{1,6})(?=\s)")
_FORMATTING: Final = re.compile(r"[*_`~|<>\[\]\\^{}\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]|://")
"""Marks in an article's text that the page may show as something else, or not at all."""
_CHUNK: Final = re.compile(r"[^\s、。，．！？…「」『』（）・：；،؛؟]+")
"""What stands between white space or, in scripts without it, between signs of punctuation."""

_WHOLE_WORDS: Final = 10
_WORDS: Final = (4, 6, 8)
"""How many words name a start or an end; more where fewer stand elsewhere too."""
_FEW_WORDS: Final = 3
_FEW_CHARACTERS: Final = 12
"""A phrase of fewer words and characters may well stand in a page's menu, which no article has."""
_AROUND_WORDS: Final = 3
_AROUND_CHARACTERS: Final = 200

_Phrase = Sequence[Span]
"""Words that stand beside each other on a line, with nothing between them that formats."""


@dataclass(frozen=True, slots=True)
class Link:
    """An address on the web, percent-encoded, and how near it leads to the words."""

    url: str
    leads_to: Literal["words", "page", "article"]


def link_to(article: Article, span: Span) -> Link | None:
    """The link to a stretch of an article: to its words, to its page in a PDF, else to the article.

    ``None`` where the article has no address on the web, or one longer than ``URL_BYTES``.
    """
    address = web_address(article.url)
    if address is None:
        return None
    deeper = _deeper(article, span, address)
    if deeper is not None and len(deeper.url) <= URL_BYTES:
        return deeper
    return Link(address, "article")


def web_address(url: str | None) -> str | None:
    """An ``http(s)`` address with all percent-encoded that is not plain ASCII; ``None`` for others.

    It holds neither white space nor brackets of any kind.
    """
    address = (url or "").strip()
    if not _WEB.match(address):
        return None
    try:
        urlsplit(address)
    except ValueError:
        return None
    address = percent_encoded(address, safe=_ADDRESS, errors="replace")
    return address if len(address) <= URL_BYTES else None


def text_directive(text: str, span: Span) -> str | None:
    """``text=…``, which names the words of ``text[span.start:span.end]``.

    ``None`` where there are no words that could be named, or where naming them would take more than
    ``DIRECTIVE_CHARACTERS``.
    """
    phrases = list(_phrases(text, span))
    if not phrases:
        return None
    found = (
        directive
        for start, end in _stretches(text, phrases)
        for directive in _written(text, start, end)
        if len(directive) <= DIRECTIVE_CHARACTERS
    )
    return next(found, None)


def _deeper(article: Article, span: Span, address: str) -> Link | None:
    has_fragment = "#" in address
    if _DIRECTIVE in address or _MESSAGE.match(address):
        return None
    page = article.page_of(span.start)
    if page is not None or urlsplit(address).path.lower().endswith(".pdf"):
        # A PDF's viewer knows pages, not words.
        if page is None or has_fragment:
            return None
        return Link(f"{address}#page={page}", "page")
    directive = text_directive(article.text, span)
    if directive is None:
        return None
    return Link(f"{address}{'' if has_fragment else '#'}{_DIRECTIVE}{directive}", "words")


def _stretches(text: str, phrases: Sequence[_Phrase]) -> Iterator[tuple[Span, Span | None]]:
    """What may name the words, best first: all of them, or a start and an end."""
    if len(phrases) == 1 and len(phrases[0]) <= _WHOLE_WORDS:
        yield Span(phrases[0][0].start, phrases[0][-1].end), None
    # A scrap before a link or a number says too little, so it is passed over.
    telling = [phrase for phrase in phrases if len(phrase) >= _FEW_WORDS] or list(phrases)
    starts = [Span(telling[0][0].start, part[-1].end) for part in _heads(telling[0])]
    ends = [Span(part[0].start, telling[-1][-1].end) for part in _tails(telling[-1])]
    start = next((start for start in starts if _leads_to(text, start)), starts[0])
    behind = [end for end in ends if end.start >= start.end]
    if behind:
        yield start, next((end for end in behind if _leads_to(text, end, start.end)), behind[0])
    for shorter in (start, *starts):
        yield shorter, None
    yield telling[0][0], None


def _heads(phrase: _Phrase) -> Iterator[_Phrase]:
    return (phrase[:count] for count in _WORDS)


def _tails(phrase: _Phrase) -> Iterator[_Phrase]:
    return (phrase[-count:] for count in _WORDS)


def _written(text: str, start: Span, end: Span | None) -> Iterator[str]:
    """The directive for a stretch, with what stands around it where that is needed to find it."""
    named = _encoded(start.of(text))
    last = f",{_encoded(end.of(text))}" if end is not None else ""
    is_short = len(start) < _FEW_CHARACTERS and len(start.of(text).split()) < _FEW_WORDS
    if not _leads_to(text, start) or (is_short and end is None):
        before, after = _before(text, start), _after(text, end or start)
        prefix = f"{_encoded(before)}-," if before else ""
        suffix = f",-{_encoded(after)}" if after else ""
        if prefix or suffix:
            yield f"text={prefix}{named}{last}{suffix}"
            yield f"text={prefix}{named}{last}"
    if not is_short or _leads_to(text, start):
        yield f"text={named}{last}"


def _leads_to(text: str, words: Span, begin: int = 0) -> bool:
    """Whether the words stand nowhere between ``begin`` and their place: the first place is it."""
    phrase = r"\s+".join(map(re.escape, words.of(text).split()))
    found = re.compile(rf"(?<!\w){phrase}(?!\w)", re.IGNORECASE).search(text, begin, words.end)
    return found is None or found.start() == words.start


def _before(text: str, start: Span) -> str:
    """The last words on a line before a place, up to it."""
    around = Span(max(0, start.start - _AROUND_CHARACTERS), start.start)
    phrase = next(reversed(list(_phrases(text, around))), [])
    # The first one may be half a word.
    whole = [word for word in phrase if word.start > around.start or around.start == 0]
    return _joining(text, Span(whole[-_AROUND_WORDS:][0].start, start.start)) if whole else ""


def _after(text: str, end: Span) -> str:
    """The first words on a line after a place, from it on."""
    around = Span(end.end, min(len(text), end.end + _AROUND_CHARACTERS))
    phrase = next(_phrases(text, around), [])
    whole = [word for word in phrase if word.end < around.end or around.end == len(text)]
    return _joining(text, Span(end.end, whole[:_AROUND_WORDS][-1].end)) if whole else ""


def _joining(text: str, span: Span) -> str:
    """Words that reach up to others; none where a line ends or formatting stands between.

    What begins a line, such as the number of a list's item, is no text on the page.
    """
    words = span.of(text)
    is_plain = _LINE.fullmatch(words) and not _FORMATTING.search(words)
    return " ".join(words.split()) if is_plain else ""


def _phrases(text: str, span: Span) -> Iterator[_Phrase]:
    for line in _LINE.finditer(text, span.start, span.end):
        mark = _LIST_MARK.match(text, line.start(), line.end())
        chunks = _CHUNK.finditer(text, mark.end() if mark else line.start(), line.end())
        plainly = itertools.groupby(chunks, lambda chunk: not _FORMATTING.search(chunk.group()))
        for is_plain, group in plainly:
            words = [_trimmed(text, Span(*chunk.span())) for chunk in group]
            words = [word for word in words if word]
            if is_plain and words:
                yield words


def _trimmed(text: str, chunk: Span) -> Span:
    """A chunk without the punctuation around it; empty where it is nothing else."""
    start, end = chunk.start, chunk.end
    while start < end and unicodedata.category(text[start])[0] not in "LN":
        start += 1
    while end > start and unicodedata.category(text[end - 1])[0] not in "LNM":
        end -= 1
    return Span(start, end)


def _encoded(words: str) -> str:
    # What separates the parts of a directive stands in its words only encoded.
    return percent_encoded(" ".join(words.split()), safe="").replace("-", "%2D")
