"""An answer as a message of components: the question, what is quoted, and what can be done."""

from __future__ import annotations

from typing import Any

from discord import ui

from bot.rendering.discord.reply import ANSWER_COLOUR, ASIDE_COLOUR, CONTENT
from bot.rendering.layout import places
from bot.rendering.layout.budget import QUESTION, SHARER, TEXT
from bot.rendering.layout.buttons import Buttons, beside, rows
from bot.rendering.layout.composition import compose
from retrieval.answers import Answer


def answer_layout(
    answer: Answer,
    *,
    threshold: float,
    buttons: Buttons | None = None,
    noted: bool = False,
    only: str = "",
) -> ui.LayoutView:
    """Up to three quotes, or that there is no answer and what is nearest.

    Args:
        threshold: The confidence from which the answerer counts a question as answered.
        buttons: What can be done with the answer.
        noted: Say that the question was put on the list of those without an answer.
        only: Where alone an answer was looked for.
    """
    buttons = buttons or Buttons()
    # Who shares an answer is named in what they share.
    limit = TEXT if buttons.share is None else TEXT - SHARER
    parts = compose(
        answer, limit, question_units=QUESTION, threshold=threshold, noted=noted, only=only
    )
    items: list[ui.Item[Any]] = []
    if parts.question:
        items.append(ui.TextDisplay(parts.question, id=places.QUESTION))
    if parts.earlier:
        items.append(ui.TextDisplay(parts.earlier, id=places.EARLIER))
    said = (parts.only, parts.read_as, parts.verdict)
    items += [ui.TextDisplay(text) for text in said if text]
    for index, quote in enumerate(parts.quotes):
        text: ui.TextDisplay[Any] = ui.TextDisplay(quote, id=places.FIRST_QUOTE + index)
        items += [ui.Separator(), beside(text, buttons.context, index)]
    if parts.closing:
        items += [ui.Separator(), ui.TextDisplay(parts.closing)]
    items += rows(buttons.below())
    return in_container(items, ANSWER_COLOUR if answer.answered else ASIDE_COLOUR)


def answer_message(
    answer: Answer,
    *,
    threshold: float,
    buttons: Buttons | None = None,
    noted: bool = False,
    only: str = "",
) -> tuple[str, ui.View]:
    """The same as an ordinary message, for where one of components is refused.

    Returns:
        The text, and the buttons below it: first those of the quotes that it shows, in their
        order.
    """
    buttons = buttons or Buttons()
    parts = compose(
        answer,
        CONTENT,
        question_units=CONTENT // 3,
        threshold=threshold,
        noted=noted,
        only=only,
        quiet=True,
    )
    view = ui.View(timeout=None)
    if buttons.context is not None:
        for index in range(len(parts.quotes)):
            view.add_item(buttons.context(index))
    for factory in buttons.below():
        view.add_item(factory())
    return "\n".join(parts.lines()), view


def in_container(items: list[ui.Item[Any]], colour: int) -> ui.LayoutView:
    """A message that is one container. It waits for nothing: its buttons live by themselves."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*items, accent_colour=colour))
    return view
