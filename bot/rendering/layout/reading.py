"""What the bot reads back from a message of its own: after a restart nothing else knows of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import discord

from bot.rendering.layout import places
from bot.rendering.sanitize import shown
from retrieval.conversation import Turn

_BOLD: Final = re.compile(r"\*\*((?:\\.|[^\\*\n])+)\*\*")
_QUOTED_LINE: Final = "> "


def question_of(message: discord.Message) -> str:
    """The question that an answer or a list of passages shows; empty in any other message."""
    found = _BOLD.fullmatch(_text(message, places.QUESTION))
    return shown(found[1]) if found else ""


def turn_of(message: discord.Message) -> Turn | None:
    """The turn that an answer was; ``None`` where the message is none.

    The quoted words are the highlight of the first quote, as far as the message shows it.
    """
    question = question_of(message)
    if not question:
        return None
    lines = _text(message, places.FIRST_QUOTE).split("\n")
    quoted = [
        shown(bold)
        for line in lines
        if line.startswith(_QUOTED_LINE)
        for bold in _BOLD.findall(line)
    ]
    return Turn(question, " ".join(quoted), earlier_of(message))


def earlier_of(message: discord.Message) -> str | None:
    """The question in whose light an answer or a list of passages was made, if any."""
    earlier = _BOLD.search(_text(message, places.EARLIER))
    return shown(earlier[1]) if earlier else None


def _text(message: discord.Message, place: int) -> str:
    """The text of the bot's part of that number; empty where the message has none."""
    return next((text.content for text in _texts(message.components) if text.id == place), "")


def _texts(components: Iterable[object]) -> Iterator[discord.TextDisplay]:
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component
        elif isinstance(component, discord.Container | discord.SectionComponent):
            yield from _texts(component.children)
