"""Paragraphs, list items and table rows as the text of an article."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text that stands for itself.

    Attributes:
        level: Of a heading, from 1; 0 for other text.
        line_of: ``"list"`` or ``"table"`` where it is an item or a row, with no blank line to the
            next one.
    """

    text: str
    level: int = 0
    line_of: str = ""


def text_of(blocks: Iterable[Block]) -> str:
    """The blocks with blank lines between, headings as Markdown's, lines below each other."""
    parts: list[str] = []
    line_of = ""
    for block in blocks:
        if not block.text.strip():
            continue
        if parts:
            parts.append("\n" if line_of and block.line_of == line_of else "\n\n")
        parts.append(f"{'#' * block.level} {block.text}" if block.level else block.text)
        line_of = block.line_of
    return "".join(parts)
