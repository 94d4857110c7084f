"""Messages of components as Discord would judge, keep and give them back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import discord
from discord import ui

from bot.rendering.sanitize import units
from tests.bot.discord_markdown import Token, kinds, read_line
from tests.loopback.limits import check_message
from tests.loopback.model import COMPONENTS_V2, TEXT_DISPLAY, walk
from tests.loopback.openapi import OpenApi

OPENAPI = Path(os.environ.get("FOOTNOTE_TEST_DATA", "missing")) / "discord" / "openapi.json"
OUR_MARKS = {"text", "bold", "link"}


def assert_discord_takes(view: ui.LayoutView) -> None:
    """Discord's own limits, its own document where there is one, and text counted strictly."""
    body = {
        "flags": COMPONENTS_V2,
        "components": components_of(view),
        "allowed_mentions": {"parse": []},
    }
    check_message(body)
    if OPENAPI.is_file():
        problem = _openapi().problem("POST", "/channels/{channel_id}/messages", body)
        assert problem is None, problem
    shown = texts(view)
    assert sum(map(units, shown)) <= 4000
    assert view.total_children_count <= 40
    assert view.total_children_count == len(list(walk(components_of(view))))
    for text in shown:
        assert text.strip()
        text.encode("utf-8")


def assert_inert(text: str, *, quiet: bool = False) -> None:
    """A text pings nobody and shows only the marks that the bot itself sets.

    Args:
        quiet: Links must not show a preview either.
    """
    for line in text.split("\n"):
        tokens = tokens_of(line)
        assert kinds(tokens) <= OUR_MARKS, line
        for token in tokens:
            if token.kind == "link":
                address = token.text.partition("](")[2].removesuffix(")")
                assert address.startswith("<https://" if quiet else "https://")
                assert "example.org" in address


def tokens_of(line: str) -> list[Token]:
    """What Discord makes of a line, without the mark of a quote or of small print before it."""
    for mark in ("> ", "-# ", "### "):
        if line.startswith(mark):
            return read_line(line.removeprefix(mark))
    return read_line(line)


def components_of(view: ui.LayoutView) -> list[dict[str, Any]]:
    components: list[dict[str, Any]] = view.to_components()  # type: ignore[no-untyped-call]
    return components


def texts(view: ui.LayoutView) -> list[str]:
    return [c["content"] for c in walk(components_of(view)) if c["type"] == TEXT_DISPLAY]


def all_text(view: ui.LayoutView) -> str:
    return "\n".join(texts(view))


def quoted_lines(text: str) -> Iterator[str]:
    return (line.removeprefix("> ") for line in text.split("\n") if line.startswith("> "))


def sent(view: ui.LayoutView) -> discord.Message:
    """The message that Discord gives back for a view."""
    return message(components=components_of(view), flags=COMPONENTS_V2)


def message(**fields: Any) -> discord.Message:
    state = discord.Client(intents=discord.Intents.none())._connection
    data: Any = {
        "id": "1",
        "channel_id": "2",
        "author": {"id": "3", "username": "footnote", "discriminator": "0", "avatar": None},
        "content": "",
        "timestamp": "2024-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        **fields,
    }
    channel = discord.PartialMessageable(state, 2)
    return discord.Message(state=state, channel=channel, data=data)


@lru_cache(maxsize=1)
def _openapi() -> OpenApi:
    return OpenApi(OPENAPI)
