"""An embed as HTML."""

from __future__ import annotations

from datetime import datetime
from html import escape

from tests.benchmarks.walkthrough.components import Json, colour
from tests.benchmarks.walkthrough.markdown import Reader, line, markdown


def embed(part: Json, reader: Reader) -> str:
    """A box with a coloured edge: author, title, description, fields and footer."""
    inner = []
    if author := part.get("author"):
        inner.append(f'<div class="embed-author">{escape(author["name"])}</div>')
    if title := part.get("title"):
        words = line(title, reader)
        linked = f"<a>{words}</a>" if part.get("url") else words
        inner.append(f'<div class="embed-title">{linked}</div>')
    if description := part.get("description"):
        inner.append(f'<div class="markup">{markdown(description, reader)}</div>')
    if fields := part.get("fields"):
        inner.append(
            f'<div class="fields">{"".join(_field(item, reader) for item in fields)}</div>'
        )
    below = [escape(part["footer"]["text"])] if part.get("footer") else []
    if stamp := part.get("timestamp"):
        below.append(datetime.fromisoformat(stamp).strftime("%m/%d/%Y %H:%M"))
    if below:
        inner.append(f'<div class="embed-footer">{" • ".join(below)}</div>')
    edge = colour(part.get("color") or 0x1E1F22)
    return f'<div class="embed" style="border-left-color: {edge}">{"".join(inner)}</div>'


def _field(item: Json, reader: Reader) -> str:
    wide = "" if item.get("inline") else " wide"
    return (
        f'<div class="field{wide}"><div class="field-name">{line(item["name"], reader)}</div>'
        f'<div class="markup">{markdown(item["value"], reader)}</div></div>'
    )
