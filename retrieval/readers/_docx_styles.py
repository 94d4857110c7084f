"""What a Word document's styles and numbering make of a paragraph: heading, list item, text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

Element = Any
"""An element of lxml, which has no types."""

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HEADING: Final = re.compile(r"heading ([1-9])", re.IGNORECASE)
_CONTENTS: Final = re.compile(r"toc \d|toc heading|table of figures|index \d", re.IGNORECASE)
_DEEPEST: Final = 6
_LEVELS: Final = 9
_BODY: Final = 9
"""The outline level that Word gives to what is no heading."""


@dataclass(frozen=True, slots=True)
class Style:
    """What a paragraph style says, with what it takes over from the style it is based on.

    Attributes:
        level: Of a heading, from 1; 0 where it is none.
        numbering: The number of the list and the level in it, from 0; ``None`` outside lists.
        is_title: The document's own title.
        is_contents: A line of a table of contents or an index, made from the text itself.
    """

    level: int = 0
    numbering: tuple[str, int] | None = None
    is_title: bool = False
    is_contents: bool = False


_PLAIN: Final = Style()


class Styles:
    """The paragraph styles of one document."""

    def __init__(self, root: Element | None) -> None:
        self._elements: dict[str, Element] = {}
        self._known: dict[str, Style] = {}
        self._default: str | None = None
        for style in root.iterfind(f"{W}style") if root is not None else ():
            name = style.get(f"{W}styleId")
            if name is None or style.get(f"{W}type", "paragraph") != "paragraph":
                continue
            self._elements[name] = style
            if style.get(f"{W}default") in {"1", "true"}:
                self._default = name

    def of(self, paragraph: Element) -> Style:
        """The style of a paragraph, with what the paragraph itself says otherwise."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return self._named(self._default)
        return _changed(self._named(_value(properties, "pStyle") or self._default), properties)

    def _named(self, name: str | None) -> Style:
        if name is None:
            return _PLAIN
        if name not in self._known:
            style = _PLAIN
            for element in reversed(list(self._chain(name))):
                style = _changed(style, element.find(f"{W}pPr"))
                called = _value(element, "name") or ""
                heading = _HEADING.fullmatch(called)
                style = Style(
                    level=min(int(heading.group(1)), _DEEPEST) if heading else style.level,
                    numbering=style.numbering,
                    is_title=style.is_title or called.lower() == "title",
                    is_contents=style.is_contents or _CONTENTS.fullmatch(called) is not None,
                )
            self._known[name] = style
        return self._known[name]

    def _chain(self, name: str | None) -> Iterator[Element]:
        seen: set[str] = set()
        while name is not None and name not in seen and name in self._elements:
            seen.add(name)
            yield self._elements[name]
            name = _value(self._elements[name], "basedOn")


class Numbering:
    """The lists of one document, counted in the order of its paragraphs."""

    def __init__(self, root: Element | None) -> None:
        self._abstract: dict[str, str] = {}
        self._bullets: set[tuple[str, int]] = set()
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[tuple[str, int], int] = {}
        if root is None:
            return
        for element in root.iterfind(f"{W}abstractNum"):
            name = element.get(f"{W}abstractNumId", "")
            for level in element.iterfind(f"{W}lvl"):
                key = name, _number(level.get(f"{W}ilvl"))
                self._starts[key] = _number(_value(level, "start") or "1")
                if _value(level, "numFmt") in {"bullet", "none"}:
                    self._bullets.add(key)
        for element in root.iterfind(f"{W}num"):
            self._abstract[element.get(f"{W}numId", "")] = _value(element, "abstractNumId") or ""

    def mark(self, numbering: tuple[str, int]) -> str:
        """What stands before the next item of a list: ``"- "`` or its number, indented."""
        number, level = numbering
        indent = "  " * level
        # Lists with numbers of their own may count together, as Word's do.
        key = self._abstract.get(number, ""), level
        if key not in self._starts or key in self._bullets:
            return f"{indent}- "
        self._counts[key] = self._counts.get(key, self._starts[key] - 1) + 1
        for deeper in range(level + 1, _LEVELS):
            self._counts.pop((key[0], deeper), None)
        return f"{indent}{self._counts[key]}. "


def _changed(style: Style, properties: Element | None) -> Style:
    if properties is None:
        return style
    level, numbering = style.level, style.numbering
    outline = _value(properties, "outlineLvl")
    if outline is not None:
        depth = _number(outline)
        level = 0 if depth >= _BODY else min(depth + 1, _DEEPEST)
    listed = properties.find(f"{W}numPr")
    if listed is not None:
        number = _value(listed, "numId") or (numbering[0] if numbering else "0")
        depth = _number(_value(listed, "ilvl") or "0")
        numbering = None if number == "0" else (number, min(depth, _LEVELS - 1))
    return Style(level, numbering, style.is_title, style.is_contents)


def _value(element: Element, name: str) -> str | None:
    child = element.find(f"{W}{name}")
    value: str | None = child.get(f"{W}val") if child is not None else None
    return value


def _number(written: str | None) -> int:
    """A number that is not below 0, and 0 where none is written."""
    written = (written or "").strip()
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 9 else 0
