"""How Discord reads a line of Markdown, as far as the tests need it.

Written from the rules of Discord's client (simple-markdown with its additions), independently of
the code that it judges.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_BLOCKS = {
    "heading": r"#{1,3}\s+\S",
    "subtext": r"-#\s+\S",
    "list": r"\s*(?:[-*]|\d+\.)\s+\S",
    "quote": r">{1,3}\s",
}
_RULES = {
    "escape": r"\\([^0-9A-Za-z\s])",
    "bold": r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)",
    "user": r"<@!?\d+>|@everyone|@here",
    "role": r"<@&\d+>",
    "channel": r"<#\d+>",
    "emoji": r"<a?:\w+:\d+>",
    "shortcode": r":[^\s:]+:",
    "timestamp": r"<t:-?\d+(?::[tTdDfFR])?>",
    "command": r"</[^>]+:\d+>",
    "guild": r"<id:\w+(?::\d+)?>",
    "autolink": r"<(?:https?://|mailto:|tel:)?[^\s>]+[@:+][^\s>]*>",
    "url": r"https?://[^\s<]+",
    "invite": r"(?:discord\.gg|discord(?:app)?\.com/invite)/[\w-]+",
    "link": r"\[(?:[^\]\\]|\\.)*\]\([^)\s]+\)",
    "italics": r"\*(?=\S)[^*]+\*(?!\*)|_(?=\S)[^_]+_",
    "underline": r"__[\s\S]+?__",
    "strike": r"~~[\s\S]+?~~",
    "spoiler": r"\|\|[\s\S]+?\|\|",
    "code": r"(`+)[\s\S]*?[^`]\1(?!`)|```",
}
_INLINE = {kind: re.compile(rule, re.IGNORECASE) for kind, rule in _RULES.items()}
_BEGINNINGS = frozenset("\\*<@:hHdD[_~|`")
"""The characters that any of the rules begins with: most of a text is none of them."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


def read_line(line: str) -> list[Token]:
    """The tokens of one line: ``text``, ``bold``, or whatever else Discord makes of it."""
    for kind, rule in _BLOCKS.items():
        if re.match(rule, line):
            return [Token(kind, line)]
    return _read_inline(line)


def _read_inline(line: str) -> list[Token]:
    tokens: list[Token] = []
    place = 0
    while place < len(line):
        kind, match = _next(line, place)
        if match is None:
            tokens.append(Token("text", line[place]))
            place += 1
            continue
        place = match.end()
        if kind == "escape":
            tokens.append(Token("text", match[1]))
        elif kind == "bold":
            inner = _read_inline(match[1])
            tokens += [Token("bold" if t.kind == "text" else t.kind, t.text) for t in inner]
        else:
            tokens.append(Token(kind, match.group()))
    return tokens


def _next(line: str, place: int) -> tuple[str, re.Match[str] | None]:
    if line[place] in _BEGINNINGS:
        for kind, rule in _INLINE.items():
            if match := rule.match(line, place):
                return kind, match
    return "text", None


def kinds(tokens: list[Token]) -> set[str]:
    return {token.kind for token in tokens}


def words(text: str) -> str:
    """What a reader sees of a text: no white space, no character without a shape."""
    return "".join(
        "\ufffd" if unicodedata.category(character) == "Cs" else character
        for character in text
        if not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf"}
    )


def shown_words(tokens: list[Token], kind: str | None = None) -> str:
    """The words of the tokens, of one kind or of all."""
    return words("".join(t.text for t in tokens if kind in (None, t.kind)))
