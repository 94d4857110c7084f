"""What the bot reads back from a message of its own: after a restart nothing else knows of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import dropwhile, takewhile
from typing import Final

import discord

from bot.rendering.layout import places
from bot.rendering.sanitize import shown
from retrieval.conversation import Turn

_BOLD: Final = re.compile(r"\*\*((?:\\.|[^\\*\n])+)\*\*")
_QUOTED_LINE: Final = "> "
_SMALL_LINE: Final = "-# "


def question_of(message: discord.Message) -> str:
    """The question that an answer or a list of passages shows; empty in any other message."""
    return _question(_parts(message))


def turn_of(message: discord.Message) -> Turn | None:
    """The turn that an answer was; ``None`` where the message is none.

    The quoted words are the highlight of the first quote, as far as the message shows it.
    """
    parts = _parts(message)
    question = _question(parts)
    if not question:
        return None
    quoted = [
        shown(bold)
        for line in parts.get(places.FIRST_QUOTE, "").split("\n")
        if line.startswith(_QUOTED_LINE)
        for bold in _BOLD.findall(line)
    ]
    return Turn(question, " ".join(quoted), _earlier(parts))


def earlier_of(message: discord.Message) -> str | None:
    """The question in whose light an answer or a list of passages was made, if any."""
    return _earlier(_parts(message))


def _question(parts: Mapping[int, str]) -> str:
    found = _BOLD.fullmatch(parts.get(places.QUESTION, ""))
    return shown(found[1]) if found else ""


def _earlier(parts: Mapping[int, str]) -> str | None:
    earlier = _BOLD.search(parts.get(places.EARLIER, ""))
    return shown(earlier[1]) if earlier else None


def _parts(message: discord.Message) -> Mapping[int, str]:
    """The texts of a message by the places that they have in an answer."""
    if message.flags.components_v2:
        return {text.id: text.content for text in _texts(message.components) if text.id}
    return _parts_of_text(message.content)


def _parts_of_text(content: str) -> Mapping[int, str]:
    """The same of an answer that was sent as plain text, whose lines stand in a known order."""
    first, *others = content.split("\n")
    from_quote = dropwhile(lambda line: not line.startswith(_QUOTED_LINE), others)
    quote = takewhile(lambda line: line.startswith(_QUOTED_LINE), from_quote)
    second = others[0] if others and others[0].startswith(_SMALL_LINE) else ""
    return {
        places.QUESTION: first,
        # Of the lines that may be the second, it alone has bold words.
        places.EARLIER: second,
        places.FIRST_QUOTE: "\n".join(quote),
    }


def _texts(components: Iterable[object]) -> Iterator[discord.TextDisplay]:
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component
        elif isinstance(component, discord.Container | discord.SectionComponent):
            yield from _texts(component.children)
