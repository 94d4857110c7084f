"""Text of others, made safe to stand in a Discord message.

Articles, titles and questions are untrusted. After ``escape`` a person reads the same words, and
none of them pings, links, unfurls or formats. Where a backslash takes the meaning from a character
it is used; Discord's server does not heed it when it looks for whom to ping, so there a character
of no width stands after the ``@``. discord.py's own ``escape_markdown`` leaves
numbered lists, timestamps, channels, custom emoji, commands and addresses as they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

ZERO_WIDTH: Final = "\u200b"
ELLIPSIS: Final = "…"

_LINE_BREAK: Final = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and the direction marks that reach past the end of what holds them."""
_TAB: Final = re.compile("[\t\x1f]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"
_RIGHT_TO_LEFT: Final = {"R", "AL", "AN"}

_SPECIAL: Final = re.compile(
    r"""
      (?P<mark>  [\\*_~`|<\[]                                )  # formats, <…>, [text](address)
    | (?P<colon> : (?= // | [^\s:]*: )                       )  # https://, :smile:
    | (?P<at>    @ (?= everyone | here ) | (?<=<) @          )
    | (?P<slash> (?: (?<=\.gg) | (?<=\.com) | (?<=\.me) | (?<=\.new) | (?<=\.gift) ) /  )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_AT_LINE_START: Final = re.compile(
    r"(?P<before>\s*)(?:(?P<mark>\#|-\#|>|[-+](?=\s))|(?P<number>\d+)(?P<point>[.)])(?=\s|$))"
)


def units(text: str) -> int:
    """The length of a text as the strictest of Discord's counters sees it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """``text`` without what no reader sees and no sender may send.

    Control characters and direction marks that reach further are left out, tabs become spaces and
    halves of surrogate pairs, which cannot be sent, become ``�``. Line breaks stay.
    """
    text = _TAB.sub(" ", _INVISIBLE.sub("", text))
    return _SURROGATE.sub("�", text)


def line_spans(text: str) -> list[tuple[int, int]]:
    """The ``[start, end)`` of each line, for every line break that Unicode knows."""
    spans = []
    start = 0
    for line_break in _LINE_BREAK.finditer(text):
        spans.append((start, line_break.start()))
        start = line_break.end()
    spans.append((start, len(text)))
    return spans


def escape(line: str) -> str:
    """One line of untrusted text as Markdown that shows its words and does nothing else.

    Args:
        line: Holds no line break; ``one_line`` sees to that.
    """
    return "".join(escaped_characters(line))


def escaped_characters(line: str) -> list[str]:
    """``escape`` by character, so that marks can be set between them; some are left out as ``""``.

    What a character means depends on those after it, so a line is escaped as a whole.
    """
    places = [place for place, character in enumerate(line) if clean(character)]
    words = "".join(clean(line[place]) for place in places)
    kept = list(words)
    # A heading or a list begins at the start of a line only, but anything may be put there.
    start = _AT_LINE_START.match(words)
    if start is not None:
        for group in ("mark", "point"):
            for place in range(*start.span(group)):
                kept[place] = f"\\{words[place]}"
    for match in _SPECIAL.finditer(words):
        character = match.group()
        kept[match.start()] = f"@{ZERO_WIDTH}" if match["at"] else f"\\{character}"
    escaped = [""] * len(line)
    for place, character in zip(places, kept, strict=True):
        escaped[place] = character
    return escaped


def one_line(text: str) -> str:
    """A text on one line, with single spaces: for titles, names and questions."""
    return " ".join(clean(text).split())


def inline(text: str, limit: int) -> str:
    """Untrusted text for a line of ours: on one line, escaped, cut to ``limit`` units."""
    return isolated(shortened(one_line(text), limit - 2, escape))


def plain(text: str, limit: int) -> str:
    """Untrusted text for places where Discord formats nothing, such as the name of a choice."""
    return isolated(shortened(one_line(text), limit - 2, str))


def isolated(text: str) -> str:
    """``text`` shut in where it is written from right to left, so that its neighbours stay put."""
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text


def shortened(text: str, limit: int, render: Callable[[str], str]) -> str:
    """``render(text)``, cut and marked with an ellipsis where it would exceed ``limit`` units."""
    # Rendering never makes a text shorter by much, so a huge one need not be rendered whole.
    whole = render(text[: limit * 2])
    if len(text) <= limit * 2 and units(whole) <= limit:
        return whole
    end = longest(min(len(text), limit), lambda end: units(render(text[:end])) <= limit - 3)
    return render(text[: word_boundary(text, end)].rstrip()) + ELLIPSIS


def longest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to ``most`` that fits, or 0; what fits must do so for all smaller."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def word_boundary(text: str, end: int) -> int:
    """The last place up to ``end`` where ``text`` may be cut: between words, else letters."""
    if end >= len(text) or text[end].isspace():
        return end
    for place in range(end, max(end - 40, 0), -1):
        if text[place - 1].isspace():
            return place
    while end > 1 and _belongs_to_the_one_before(text, end):
        end -= 1
    return end


def shown(markdown: str) -> str:
    """The words that Discord shows for what this module wrote: how the bot reads itself."""
    unescaped = re.sub(r"\\([^0-9A-Za-z\s])|\*\*", lambda match: match[1] or "", markdown)
    for invisible in (ZERO_WIDTH, _FIRST_STRONG_ISOLATE, _POP_ISOLATE):
        unescaped = unescaped.replace(invisible, "")
    return unescaped


def _belongs_to_the_one_before(text: str, index: int) -> bool:
    """Whether a cut at ``index`` would tear an accent or an emoji from its letter."""
    return unicodedata.category(text[index]) in {"Mn", "Me", "Mc"} or "\u200d" in (
        text[index],
        text[index - 1],
    )
