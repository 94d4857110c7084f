"""The buttons of an answer. Each is known by its custom id alone, and so survives a restart."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from discord import ui

from bot.answering import Exchange
from bot.rendering.layout import Buttons, answer_layout, answer_message
from bot.rendering.layout.composition import MAX_QUOTES
from bot.views.answers.context import beside_quote
from bot.views.answers.deletion import DeleteButton
from bot.views.answers.following import FollowUpButton
from bot.views.answers.passages import PassagesButton, passages_view
from bot.views.answers.sharing import ANSWER_BUTTONS, ShareButton
from bot.views.answers.votes import TellButton, VoteButton
from retrieval.answers import Quote

__all__ = ["ANSWER_BUTTONS", "answer_view", "passages_view", "plain_answer"]


def answer_view(exchange: Exchange) -> ui.LayoutView:
    """An answer with all that can be done with it where it is shown."""
    return answer_layout(
        exchange.answer,
        threshold=exchange.threshold,
        buttons=_buttons(exchange),
        noted=_is_noted(exchange),
        only=exchange.only,
    )


def plain_answer(exchange: Exchange) -> tuple[str, ui.View]:
    """The same as an ordinary message and its buttons, for where one of components is refused."""
    quotes = _quotes(exchange)
    return answer_message(
        exchange.answer,
        threshold=exchange.threshold,
        buttons=replace(
            _buttons(exchange),
            # They stand in a row, so that each has to say of which quote it is.
            context=lambda index: beside_quote(quotes[index], number=index + 1),
            # What is shared is a copy of a message of components.
            share=None,
        ),
        noted=_is_noted(exchange),
        only=exchange.only,
    )


def _buttons(exchange: Exchange) -> Buttons:
    answer, asked, person = exchange.answer, exchange.asked, exchange.asker.person
    quotes = _quotes(exchange)
    more = partial(PassagesButton, "more", 0, exchange.within)
    buttons = Buttons(
        context=lambda index: beside_quote(quotes[index]),
        more=more if len(answer.passages) > len(quotes) else None,
        follow_up=partial(FollowUpButton, exchange.within),
        share=partial(ShareButton, person) if exchange.is_private else None,
        delete=None if exchange.is_private else partial(DeleteButton, person),
    )
    if asked is None:
        return buttons
    if answer.answered:
        up, down = partial(VoteButton, "up", asked), partial(VoteButton, "down", asked)
        return replace(buttons, helpful=up, unhelpful=down)
    return replace(buttons, tell=partial(TellButton, asked)) if _is_noted(exchange) else buttons


def _quotes(exchange: Exchange) -> tuple[Quote, ...]:
    """What may be shown of an answer, best first."""
    answer = exchange.answer
    return (answer.quotes if answer.answered else answer.nearest)[:MAX_QUOTES]


def _is_noted(exchange: Exchange) -> bool:
    """Whether the store has put the question on its server's list."""
    return (
        not exchange.answer.answered
        and exchange.asked is not None
        and exchange.asker.server is not None
    )
