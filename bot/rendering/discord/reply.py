"""A message as it is to be sent, and how much Discord lets it hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import discord

CONTENT: Final = 2000
TITLE: Final = 256
DESCRIPTION: Final = 4096
CHOICE: Final = 100

ANSWER_COLOUR: Final = 0x2F855A
ASIDE_COLOUR: Final = 0x718096


@dataclass(frozen=True, slots=True)
class Reply:
    """What a message shows: ``content`` above its ``embeds``."""

    content: str = ""
    embeds: tuple[discord.Embed, ...] = ()
