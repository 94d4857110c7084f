"""Messages on a page of their own: nothing on it is loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_STYLE: Final = Path(__file__).with_name("discord.css")


def page(messages: Iterable[str]) -> str:
    """The document to be photographed; what is in ``main`` is the picture."""
    # No script, picture or font: what articles hold stays words, and needs no network.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<style>{_STYLE.read_text('utf-8')}</style></head>"
        f"<body><main>{''.join(messages)}</main></body></html>"
    )
