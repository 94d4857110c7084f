"""What became of a question, in words that are few enough to be counted by."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

import discord

from bot.admission import IgnoredError, TooOftenError
from bot.failures import UNDELIVERABLE
from retrieval.errors import FootnoteError, QuestionError

Way = Literal["command", "button", "form", "message"]
"""How a question comes in."""
Outcome = Literal[
    "answered",
    "not_found",
    "too_often",
    "ignored",
    "invalid",
    "unavailable",
    "undelivered",
    "failed",
]
"""An answer, or that there is none; the asker has asked too often, or is not to be answered; there
is no question in it; the articles cannot be asked, or the bot is being stopped; Discord did not
take the answer; something nobody foresaw."""

WAYS: Final[tuple[Way, ...]] = get_args(Way)
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)


def way_of(interaction: discord.Interaction[Any]) -> Way:
    """How a question came in that was asked by an interaction."""
    if interaction.type is discord.InteractionType.component:
        return "button"
    return "form" if interaction.type is discord.InteractionType.modal_submit else "command"


def outcome_of(error: BaseException) -> Outcome:
    """What has become of a question that ended with an error."""
    if isinstance(error, TooOftenError):
        return "too_often"
    if isinstance(error, IgnoredError):
        return "ignored"
    if isinstance(error, QuestionError):
        return "invalid"
    # Whatever is not an ``Exception`` ends the task: the bot is being stopped.
    if isinstance(error, FootnoteError) or not isinstance(error, Exception):
        return "unavailable"
    return "undelivered" if isinstance(error, UNDELIVERABLE) else "failed"
