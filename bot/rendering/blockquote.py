"""An article's words as a Discord block quote that nothing in them can leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.rendering.sanitize import escaped_characters, isolated, line_spans
from retrieval.articles import Span

_MARK = "> "
CUT = "[…]"


def block_quote(
    text: str, bold: Iterable[Span] = (), *, cut_before: bool = False, cut_after: bool = False
) -> str:
    """``text`` as Markdown in which every line starts with ``> ``.

    Args:
        text: As it stands in the article.
        bold: What to show in bold, as stretches of ``text``.
        cut_before: Words are missing before the text; a mark says so.
        cut_after: Words are missing after it.
    """
    stretches = _merged(bold)
    lines = [_line(text, Span(start, end), stretches) for start, end in line_spans(text)]
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    if cut_before:
        lines[0] = f"{CUT} {lines[0]}"
    if cut_after:
        lines[-1] = f"{lines[-1]} {CUT}"
    return "\n".join(_MARK + line for line in lines)


def _merged(bold: Iterable[Span]) -> list[Span]:
    """The stretches in order, those that touch as one: ``**a****b**`` would show its asterisks."""
    merged: list[Span] = []
    for span in sorted(bold):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        elif len(span) > 0:
            merged.append(span)
    return merged


def _line(text: str, line: Span, bold: Sequence[Span]) -> str:
    characters = escaped_characters(line.of(text))
    parts = []
    for piece, is_bold in _pieces(line, bold):
        words = "".join(characters[piece.start - line.start : piece.end - line.start])
        core = words.strip()
        if is_bold and core:
            # White space inside the marks would show the marks instead of bold words.
            lead = words[: len(words) - len(words.lstrip())]
            trail = words[len(words.rstrip()) :]
            words = f"{lead}**{core}**{trail}"
        parts.append(words)
    return isolated("".join(parts))


def _pieces(line: Span, bold: Sequence[Span]) -> Iterator[tuple[Span, bool]]:
    """The line in stretches that are bold or not, in order."""
    place = line.start
    for span in bold:
        start, end = max(span.start, place), min(span.end, line.end)
        if start >= end:
            continue
        if start > place:
            yield Span(place, start), False
        yield Span(start, end), True
        place = end
    if place < line.end:
        yield Span(place, line.end), False
