"""A message as HTML: who wrote it in answer to what, its words, and who can see it."""

from __future__ import annotations

from html import escape
from typing import Final

from tests.benchmarks.walkthrough.components import Json, component
from tests.benchmarks.walkthrough.embeds import embed
from tests.benchmarks.walkthrough.markdown import Reader, line, markdown
from tests.loopback.model import EPHEMERAL

TIME: Final = "Today at 12:00"
"""The same in every picture, so that it changes only where the bot does."""

_COLOURS: Final = ("#5865f2", "#3ba55c", "#c27c0e", "#9b59b6", "#e91e63")
_EYE: Final = (
    '<svg viewBox="0 0 24 24"><path d="M12 5C6.5 5 2.6 9.2 1.3 12 2.6 14.8 6.5 19 12 19s9.4-4.2 '
    "10.7-7C21.4 9.2 17.5 5 12 5Zm0 11.5a4.5 4.5 0 1 1 0-9 4.5 4.5 0 0 1 0 9Zm0-2a2.5 2.5 0 1 0 "
    '0-5 2.5 2.5 0 0 0 0 5Z"/></svg>'
)


def message(payload: Json, reader: Reader, *, command: str | None = None) -> str:
    """A message as the API gives it, as HTML.

    Args:
        command: The slash command that it answers, with its slash; the API does not repeat it.
    """
    author = payload["author"]
    parts = [_occasion(payload, reader, command), _portrait(author), _header(author)]
    if payload.get("content"):
        parts.append(f'<div class="markup">{markdown(payload["content"], reader)}</div>')
    parts += [embed(item, reader) for item in payload.get("embeds") or []]
    parts += [_file(item) for item in payload.get("attachments") or []]
    if components := payload.get("components"):
        shown = "".join(component(item, reader) for item in components)
        parts.append(f'<div class="components">{shown}</div>')
    if payload.get("flags", 0) & EPHEMERAL:
        parts.append(
            f'<div class="only-you">{_EYE} Only you can see this • <a>Dismiss message</a></div>'
        )
    return f'<article class="message">{"".join(parts)}</article>'


def name_of(user: Json) -> str:
    return str(user.get("global_name") or user["username"])


def _occasion(payload: Json, reader: Reader, command: str | None) -> str:
    """What the message answers, in a line above it."""
    used = payload.get("interaction_metadata")
    earlier = payload.get("referenced_message")
    if used and command:
        said = f'{_person(used["user"])} used <span class="command">{escape(command)}</span>'
    elif earlier:
        said = f"{_person(earlier['author'])} {_begins(earlier, reader)}"
    else:
        return ""
    return f'<div class="occasion"><span class="spine"></span>{said}</div>'


def _person(user: Json) -> str:
    return f'{_portrait(user)}<span class="name">{escape(name_of(user))}</span>'


def _begins(earlier: Json, reader: Reader) -> str:
    if content := earlier.get("content"):
        return f'<span class="begins">{line(content.partition(chr(10))[0], reader)}</span>'
    return '<span class="begins"><em>Click to see attachment</em></span>'


def _portrait(user: Json) -> str:
    if user.get("bot"):
        return '<span class="portrait bot">“<sup>1</sup></span>'
    tint = _COLOURS[1 + sum(map(ord, user["username"])) % (len(_COLOURS) - 1)]
    return f'<span class="portrait" style="background: {tint}">{escape(name_of(user)[0])}</span>'


def _header(author: Json) -> str:
    tag = '<span class="app">APP</span>' if author.get("bot") else ""
    return (
        f'<header><span class="name">{escape(name_of(author))}</span>{tag}'
        f'<span class="time">{TIME}</span></header>'
    )


def _file(attachment: Json) -> str:
    return f'<div class="file">📄 <a>{escape(attachment["filename"])}</a></div>'
