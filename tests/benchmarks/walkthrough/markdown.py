"""Discord's Markdown as HTML: lines by their kind, and within a line what the model reads there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import groupby
from typing import Final

from tests.bot.discord_markdown import Token, read_line

_WORD_JOINER: Final = "\u2060"
_FENCE: Final = re.compile(r"```(?:[\w+-]*\n)?([\s\S]+?)\n?```")
_TO_THE_END: Final = re.compile(r"^>>>\s", re.MULTILINE)
_HEADING: Final = re.compile(r"(#{1,3})\s+(.*)")
_SUBTEXT: Final = re.compile(r"-#\s+(.*)")
_ITEM: Final = re.compile(r"(\s*)(?:[-*]|(\d+)\.)\s+(.*)")
_LINK: Final = re.compile(r"\[((?:[^\]\\]|\\.)*)\]\(<?([^)\s>]+)>?\)")
_TIMESTAMP: Final = re.compile(r"<t:(-?\d+)(?::([tTdDfFR]))?>")
_STAMPS: Final = {
    "t": "%H:%M",
    "T": "%H:%M:%S",
    "d": "%m/%d/%Y",
    "D": "%B %-d, %Y",
    "f": "%B %-d, %Y %H:%M",
    "F": "%A, %B %-d, %Y %H:%M",
}
_UNITS: Final = (
    ("year", timedelta(days=365)),
    ("month", timedelta(days=30)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
)
_AROUND: Final = {"italics": ("em", 1), "underline": ("u", 2), "strike": ("s", 2)}
"""The element of each kind of marked text, and how long its marks are."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever looks at a message: the names that they see for ids, and when they look."""

    now: datetime
    names: Mapping[str, str] = field(default_factory=dict)


def markdown(text: str, reader: Reader) -> str:
    """A text as HTML; everything in it that is no Markdown is escaped."""
    parts = []
    place = 0
    for fence in _FENCE.finditer(text):
        parts.append(_lines(text[place : fence.start()].removesuffix("\n"), reader))
        parts.append(f"<pre><code>{escape(fence[1])}</code></pre>")
        place = fence.end() + text.startswith("\n", fence.end())
    parts.append(_lines(text[place:], reader))
    return "".join(parts)


def line(text: str, reader: Reader) -> str:
    """One line as HTML, where no headings, lists or quotes are: a title, the label of a link."""
    return _inline(_tokens(text), reader)


def _tokens(text: str) -> list[Token]:
    # A mark that makes a block at the start of a line makes none after something else.
    return read_line(f"{_WORD_JOINER}{text}")[1:]


def _lines(text: str, reader: Reader) -> str:
    if not text:
        return ""
    if quoted := _TO_THE_END.search(text):
        before = _lines(text[: quoted.start()].removesuffix("\n"), reader)
        return f"{before}<blockquote>{_lines(text[quoted.end() :], reader)}</blockquote>"
    return "".join(
        html
        for kind, group in groupby(text.split("\n"), _kind)
        for html in _block(kind, list(group), reader)
    )


def _kind(text: str) -> str:
    """The kind of block that a line belongs to, or ``line``."""
    first, *others = read_line(text) or [Token("text", "")]
    is_block = not others and first.kind in {"heading", "subtext", "list", "quote"}
    return first.kind if is_block else "line"


def _block(kind: str, lines: Sequence[str], reader: Reader) -> Iterator[str]:
    match kind:
        case "quote":
            inner = "\n".join(text.removeprefix(">")[1:] for text in lines)
            yield f"<blockquote>{_lines(inner, reader)}</blockquote>"
        case "heading":
            for text in lines:
                marks, words = _groups(_HEADING, text)
                yield f"<h{len(marks)}>{line(words, reader)}</h{len(marks)}>"
        case "subtext":
            for text in lines:
                (words,) = _groups(_SUBTEXT, text)
                yield f'<div class="subtext">{line(words, reader)}</div>'
        case "list":
            for text in lines:
                indent, number, words = _groups(_ITEM, text)
                mark = f"{number}." if number else "•"
                yield (
                    f'<div class="item level-{min(len(indent) // 2, 3)}">'
                    f'<span class="bullet">{mark}</span><div>{line(words, reader)}</div></div>'
                )
        case _:
            for text in lines:
                yield f'<div class="line">{line(text, reader) or "<br>"}</div>'


def _groups(rule: re.Pattern[str], text: str) -> tuple[str, ...]:
    match = rule.fullmatch(text)
    assert match is not None, f"{text!r} is no {rule.pattern}"
    return match.groups(default="")


def _inline(tokens: Sequence[Token], reader: Reader) -> str:
    return "".join(
        _run(kind, [token.text for token in group], reader)
        for kind, group in groupby(tokens, lambda token: token.kind)
    )


def _run(kind: str, texts: Sequence[str], reader: Reader) -> str:
    """Neighbouring tokens of a kind; words of one kind stay together, so that letters join."""
    if kind in {"text", "bold"}:
        words = escape("".join(texts))
        return f"<strong>{words}</strong>" if kind == "bold" else words
    return "".join(_token(kind, text, reader) for text in texts)


def _token(kind: str, text: str, reader: Reader) -> str:
    match kind:
        case "link":
            label, address = _groups(_LINK, text)
            return f'<a href="{escape(address)}">{line(label, reader)}</a>'
        case "url" | "autolink":
            address = text.strip("<>")
            return f'<a href="{escape(address)}">{escape(address)}</a>'
        case "italics" | "underline" | "strike":
            element, width = _AROUND[kind]
            return f"<{element}>{line(text[width:-width], reader)}</{element}>"
        case "spoiler":
            return f'<span class="spoiler">{line(text[2:-2], reader)}</span>'
        case "code":
            return f"<code>{escape(text.strip('`').strip() or text)}</code>"
        case "timestamp":
            return f'<span class="timestamp">{escape(_moment(text, reader.now))}</span>'
        case "user" | "role" | "channel":
            return f'<span class="mention">{escape(_name(text, reader))}</span>'
        case "command":
            return f'<span class="mention">{escape(text[1:].partition(":")[0])}</span>'
        case _:
            return escape(text)


def _name(mention: str, reader: Reader) -> str:
    if mention.startswith("@"):
        return mention
    name = reader.names.get(re.sub(r"\D", "", mention), "unknown")
    return f"{'#' if mention[1] == '#' else '@'}{name}"


def _moment(stamp: str, now: datetime) -> str:
    """A moment as Discord writes it, in UTC."""
    seconds, style = _groups(_TIMESTAMP, stamp)
    moment = datetime.fromtimestamp(int(seconds), UTC)
    if style != "R":
        return moment.strftime(_STAMPS[style or "f"])
    distance = abs(moment - now)
    for name, length in _UNITS:
        if distance >= length:
            count = distance // length
            words = f"{count} {name}{'s' if count > 1 else ''}"
            return f"in {words}" if moment > now else f"{words} ago"
    return "in a few seconds" if moment > now else "a few seconds ago"
