"""Trees of HTML elements as text: paragraphs with blank lines between, headings as Markdown's."""

from __future__ import annotations

import itertools
import re
from typing import Any, Final

Element = Any
"""An element of lxml, which has no types."""

_UNSEEN: Final = frozenset(
    re.findall(
        r"\w+",
        "applet audio button canvas datalist embed iframe input map math noframes noscript object "
        "option rp rt script select style svg template textarea title video",
    )
)
"""What holds no words of the text, as a reader sees it."""

BESIDE: Final = frozenset(["aside", "footer", "form", "menu", "nav"])
"""What stands beside the text of a page."""

_BLOCKS: Final = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details dialog div dl dt fieldset "
        "figcaption figure footer form frameset header hgroup hr html legend main nav ol p pre "
        "quote section summary table tbody tfoot thead ul",
    )
)
_SPACES: Final = re.compile(r"[ \t\n\r\f]+")
_AROUND_BREAK: Final = re.compile(r" *\n *")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_OF_BLOCK: Final = "\0"
"""Before a block that is a line of a list or a table, not a paragraph; no text holds it."""


def text_of(root: Element, without: frozenset[str] = frozenset()) -> str:
    """The text of an element of HTML, or of trafilatura's body, which has tags of its own.

    White space is what a browser would show; that of preformatted text is kept. Links and emphasis
    are their words alone.

    Args:
        without: More tags to leave out, such as ``BESIDE``.

    Raises:
        RecursionError: The elements are nested too deeply.
    """
    return "\n\n".join(_Flow(_UNSEEN | without).blocks(root))


def preformatted(element: Element) -> str:
    """All text in an element with its white space as it is written."""
    pieces = [element.text or ""]
    for child in element:
        tag = _tag(child)
        if tag in {"br", "lb"}:
            pieces.append("\n")
        elif tag not in _UNSEEN:
            pieces.append(preformatted(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


class _Draft:
    """Paragraphs as they are found, and the words of the one that has not ended."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.words: list[str] = []

    def end_paragraph(self) -> None:
        text = _shown("".join(self.words))
        self.words.clear()
        if text:
            self.blocks.append(text)


class _Flow:
    """The way from elements to paragraphs."""

    def __init__(self, unseen: frozenset[str]) -> None:
        self._unseen = unseen

    def blocks(self, element: Element) -> list[str]:
        """The paragraphs in an element, each without white space around it."""
        draft = _Draft()
        self._visit(element, draft)
        draft.end_paragraph()
        return _joined_lines(draft.blocks)

    def _visit(self, element: Element, draft: _Draft) -> None:
        draft.words.append(_SPACES.sub(" ", element.text or ""))
        number = 0
        for child in element:
            tag = _tag(child)
            number += tag in {"li", "item"}
            if tag in self._unseen or child.get("hidden") is not None:
                pass
            elif tag in {"br", "lb"}:
                draft.words.append("\n")
            elif (special := self._special(child, tag, number)) is not None:
                draft.end_paragraph()
                draft.blocks.extend(special)
            elif tag in _BLOCKS:
                draft.end_paragraph()
                self._visit(child, draft)
                draft.end_paragraph()
            else:
                self._visit(child, draft)
            draft.words.append(_SPACES.sub(" ", child.tail or ""))

    def _special(self, element: Element, tag: str, number: int) -> list[str] | None:
        """The paragraphs of an element that is not simply a stretch of text.

        Args:
            number: Of a list's item, from 1.
        """
        if tag in {"ul", "ol", "dl", "list", "table"}:
            return self.blocks(element)
        if (level := _heading_level(element, tag)) is not None:
            heading = " ".join(" ".join(self.blocks(element)).split())
            return [f"{'#' * level} {heading}"] if heading else []
        if tag in {"li", "item", "dt", "dd"}:
            return self._item(element, tag, number)
        if tag in {"tr", "row"}:
            return self._row(element)
        if tag == "pre" or (tag == "code" and _is_block_of_code(element)):
            code = _CONTROLS.sub("", preformatted(element))
            code = "\n".join(map(str.rstrip, re.split(r"\r\n?|\n", code))).strip("\n")
            return [code] if code.strip() else []
        return None

    def _item(self, element: Element, tag: str, number: int) -> list[str]:
        mark = _mark(element, tag, number)
        lines = "\n".join(map(_unmarked, self.blocks(element))).split("\n")
        indented = [" " * len(mark) + line for line in lines[1:] if line.strip()]
        return ["\n".join([_LINE_OF_BLOCK + mark + lines[0], *indented])] if lines[0] else []

    def _row(self, element: Element) -> list[str]:
        cells = [[_unmarked(block) for block in self.blocks(cell)] for cell in _cells(element)]
        if all(len(cell) <= 1 and "\n" not in "".join(cell) for cell in cells):
            line = " | ".join("".join(cell) for cell in cells)
            return [_LINE_OF_BLOCK + line] if line.strip(" |") else []
        # A table that holds whole paragraphs lays out a page, and is none to those who read it.
        return [block for cell in cells for block in cell]


def _joined_lines(blocks: list[str]) -> list[str]:
    """The blocks, lines that follow each other as one."""
    joined: list[str] = []
    for is_line, group in itertools.groupby(blocks, lambda block: block.startswith(_LINE_OF_BLOCK)):
        texts = [_unmarked(block) for block in group]
        joined.extend(["\n".join(texts)] if is_line else texts)
    return joined


def _unmarked(block: str) -> str:
    return block.removeprefix(_LINE_OF_BLOCK)


def _shown(text: str) -> str:
    """Text as a browser shows it: runs of spaces are one, and line breaks none at the edges."""
    text = _CONTROLS.sub("", text)
    text = _AROUND_BREAK.sub("\n", re.sub(r" {2,}", " ", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip(" \n")


def _tag(element: Element) -> str:
    tag = element.tag
    # Comments and processing instructions have a function for a tag.
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else "script"


def _heading_level(element: Element, tag: str) -> int | None:
    rend = element.get("rend") or "" if tag == "head" else tag
    if len(rend) == 2 and rend[0] == "h" and rend[1] in "123456":
        return int(rend[1])
    return 2 if tag == "head" else None


def _is_block_of_code(element: Element) -> bool:
    """Whether code is a block of lines; or one line that stands alone in trafilatura's body."""
    parent = element.getparent()
    alone = parent is not None and parent.tag == "body" and not (element.tail or "").strip()
    return alone or "\n" in "".join(element.itertext()).strip()


def _mark(element: Element, tag: str, number: int) -> str:
    if tag in {"dt", "dd"} or (element.get("rend") or "").startswith(("dt", "dd")):
        return ""
    parent = element.getparent()
    ordered = parent is not None and "ol" in {_tag(parent), parent.get("rend")}
    return f"{number}. " if ordered else "- "


def _cells(row: Element) -> list[Element]:
    return [child for child in row if _tag(child) in {"td", "th", "cell"}]
