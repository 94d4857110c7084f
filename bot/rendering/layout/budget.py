"""How much a message of components holds, and how its room is shared out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bot.rendering.sanitize import units

TEXT: Final = 4000
"""Of all texts of a message together. discord.py does not check it."""
QUESTION: Final = 2100
"""Of a question on top. An ordinary one of the greatest length that Discord takes fits whole."""
SHARER: Final = 120
"""Of the line that names who shared an answer."""

MARGIN: Final = 20


def room_beside(limit: int, texts: Iterable[str]) -> int:
    """What ``limit`` leaves beside texts that are set on lines of their own; never negative."""
    return max(0, limit - MARGIN - sum(units(text) + 1 for text in texts))


def fair_shares(needs: Sequence[int], room: int) -> list[int]:
    """``room`` shared out: nobody gets more than they need, nor less than an equal part of it
    unless they need less."""
    shares = [0] * len(needs)
    left = room
    by_need = sorted(range(len(needs)), key=needs.__getitem__)
    for done, place in enumerate(by_need):
        shares[place] = min(needs[place], left // (len(needs) - done))
        left -= shares[place]
    return shares
