"""Components, old (rows of buttons) and V2 (containers, sections, texts), as HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from tests.benchmarks.walkthrough.markdown import Reader, markdown

Json = dict[str, Any]

_STYLES: Final = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}
_SELECTS: Final = {3: "Make a selection", 5: "Select a user", 6: "Select a role"}
_SELECTS_MORE: Final = {7: "Select a user or role", 8: "Select a channel"}
_LEADS_OUT: Final = (
    '<svg viewBox="0 0 24 24"><path d="M14 4h6v6h-2V7.4l-7.3 7.3-1.4-1.4L16.6 6H14V4ZM5 6h6v2H6v10'
    'h10v-5h2v6a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1Z"/></svg>'
)
_ARROW: Final = (
    '<svg viewBox="0 0 24 24"><path d="m12 15.5-6-6L7.4 8l4.6 4.6L16.6 8 18 9.5Z"/></svg>'
)


def component(part: Json, reader: Reader) -> str:
    """A component with all that it holds.

    Raises:
        ValueError: It is of a kind that nobody has drawn yet.
    """
    kind = part["type"]
    if kind not in _DRAWN:
        raise ValueError(f"components of type {kind} are not shown by the walkthrough yet")
    return _DRAWN[kind](part, reader)


def colour(number: int) -> str:
    """Discord's number for a colour as CSS writes it."""
    return f"#{number:06x}"


def _children(part: Json, reader: Reader) -> str:
    return "".join(component(child, reader) for child in part["components"])


def _row(part: Json, reader: Reader) -> str:
    return f'<div class="row">{_children(part, reader)}</div>'


def _button(part: Json, _: Reader) -> str:
    style = _STYLES[part["style"]]
    emoji = (part.get("emoji") or {}).get("name")
    inner = f'<span class="emoji">{escape(emoji)}</span>' if emoji else ""
    inner += f"<span>{escape(part['label'])}</span>" if part.get("label") else ""
    inner += _LEADS_OUT if style == "link" else ""
    disabled = " disabled" if part.get("disabled") else ""
    return f'<span class="button {style}{disabled}">{inner}</span>'


def _select(part: Json, _: Reader) -> str:
    chosen = [option["label"] for option in part.get("options") or [] if option.get("default")]
    usual = (_SELECTS | _SELECTS_MORE)[part["type"]]
    words = ", ".join(chosen) or part.get("placeholder") or usual
    disabled = " disabled" if part.get("disabled") else ""
    chosen_class = " chosen" if chosen else ""
    return (
        f'<span class="select{chosen_class}{disabled}"><span>{escape(words)}</span>{_ARROW}</span>'
    )


def _section(part: Json, reader: Reader) -> str:
    accessory = component(part["accessory"], reader)
    return (
        f'<div class="section"><div class="texts">{_children(part, reader)}</div>'
        f'<div class="accessory">{accessory}</div></div>'
    )


def _text(part: Json, reader: Reader) -> str:
    return f'<div class="text markup">{markdown(part["content"], reader)}</div>'


def _media(part: Json, _: Reader) -> str:
    return f'<div class="media">{escape(part.get("description") or "image")}</div>'


def _gallery(part: Json, reader: Reader) -> str:
    return "".join(_media(item, reader) for item in part["items"])


def _file(part: Json, _: Reader) -> str:
    name = part.get("name") or part["file"]["url"].rsplit("/", 1)[-1]
    return f'<div class="file">📄 <a>{escape(name)}</a></div>'


def _separator(part: Json, _: Reader) -> str:
    visible = "" if part.get("divider", True) else " unseen"
    wide = " wide" if part.get("spacing", 1) == 2 else ""
    return f'<hr class="separator{visible}{wide}">'


def _container(part: Json, reader: Reader) -> str:
    accent = part.get("accent_color")
    edge = "" if accent is None else f' style="border-left: 4px solid {colour(accent)}"'
    return f'<div class="container"{edge}>{_children(part, reader)}</div>'


_DRAWN: Final[Mapping[int, Callable[[Json, Reader], str]]] = {
    1: _row,
    2: _button,
    3: _select,
    5: _select,
    6: _select,
    7: _select,
    8: _select,
    9: _section,
    10: _text,
    11: _media,
    12: _gallery,
    13: _file,
    14: _separator,
    17: _container,
}
