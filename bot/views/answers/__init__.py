"""The buttons of an answer. Each is known by its custom id alone, and so survives a restart."""

from __future__ import annotations

from typing import Final

from discord import ui

from bot.answering import Exchange
from bot.rendering.layout import Buttons, answer_layout, answer_text
from bot.rendering.layout.composition import MAX_QUOTES
from bot.views.answers.context import ContextButton, beside_quote
from bot.views.answers.deletion import DeleteButton
from bot.views.answers.following import FollowUpButton
from bot.views.answers.passages import PassagesButton, passages_view
from bot.views.answers.pressing import AnswerButton
from bot.views.answers.sharing import ShareButton
from bot.views.answers.votes import TellButton, VoteButton

__all__ = ["ANSWER_BUTTONS", "answer_view", "passages_view", "plain_text"]

ANSWER_BUTTONS: Final[tuple[type[AnswerButton], ...]] = (
    ContextButton,
    PassagesButton,
    FollowUpButton,
    VoteButton,
    TellButton,
    ShareButton,
    DeleteButton,
)
"""What the client must know to find the button that was pressed."""


def answer_view(exchange: Exchange) -> ui.LayoutView:
    """An answer with all that can be done with it where it is shown."""
    return answer_layout(
        exchange.answer,
        threshold=exchange.threshold,
        buttons=_buttons(exchange),
        noted=_is_noted(exchange),
        only=exchange.only,
    )


def plain_text(exchange: Exchange) -> str:
    """The same without buttons, for where a message of components is refused."""
    return answer_text(
        exchange.answer,
        threshold=exchange.threshold,
        noted=_is_noted(exchange),
        only=exchange.only,
    )


def _buttons(exchange: Exchange) -> Buttons:
    answer, asked, person = exchange.answer, exchange.asked, exchange.asker.person
    quotes = (answer.quotes if answer.answered else answer.nearest)[:MAX_QUOTES]
    buttons = {
        "context": lambda index: beside_quote(quotes[index]),
        "follow_up": lambda: FollowUpButton(exchange.within),
    }
    if len(answer.passages) > len(quotes):
        buttons["more"] = lambda: PassagesButton("more", 0, exchange.within)
    if asked is not None and answer.answered:
        buttons["helpful"] = lambda: VoteButton("up", asked)
        buttons["unhelpful"] = lambda: VoteButton("down", asked)
    if asked is not None and not answer.answered and exchange.asker.server is not None:
        buttons["tell"] = lambda: TellButton(asked)
    if exchange.is_private:
        buttons["share"] = lambda: ShareButton(person)
    else:
        buttons["delete"] = lambda: DeleteButton(person)
    return Buttons(**buttons)  # type: ignore[arg-type]


def _is_noted(exchange: Exchange) -> bool:
    """Whether the store has put the question on its server's list."""
    return (
        not exchange.answer.answered
        and exchange.asked is not None
        and exchange.asker.server is not None
    )
