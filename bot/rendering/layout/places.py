"""By which numbers the bot knows the parts of its own messages again.

A component may carry a number, which Discord keeps and gives back. Those that it hands out itself
count from 1, so that these are met in no message but the bot's own, whatever language it is in.
"""

from __future__ import annotations

from typing import Final

QUESTION: Final = 709_000_001
EARLIER: Final = 709_000_002
FIRST_QUOTE: Final = 709_000_010
"""Of the first quote; the next ones follow."""
