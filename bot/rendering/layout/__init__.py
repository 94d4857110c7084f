"""Answers as messages of components, made by pure functions, and read back from them."""

from bot.rendering.layout.answers import answer_layout, answer_message
from bot.rendering.layout.buttons import Buttons, ItemFactory
from bot.rendering.layout.context import context_layout
from bot.rendering.layout.passages import PASSAGES_PER_PAGE, passage_pages, passages_layout
from bot.rendering.layout.reading import earlier_of, question_of, turn_of
from bot.rendering.layout.topics import rephrasings

__all__ = [
    "PASSAGES_PER_PAGE",
    "Buttons",
    "ItemFactory",
    "answer_layout",
    "answer_message",
    "context_layout",
    "earlier_of",
    "passage_pages",
    "passages_layout",
    "question_of",
    "rephrasings",
    "turn_of",
]
