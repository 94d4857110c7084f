"""What is kept of a question and of the people who ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

State = Literal["none", "open", "done"]
"""Whether a question is on its server's list of those that want an answer."""
Verdict = Literal[1, -1]
"""A good answer, or a bad one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked, and what became of it.

    Attributes:
        server: ``None`` in direct messages.
        message: The bot's answer, once it is there.
        person: Who asked.
        question: ``None`` where texts are not kept.
        articles: The ids of those that the answer quoted.
        at: In UTC.
        told: Whether somebody asked for the admins to be told of it.
    """

    id: int
    server: int | None
    channel: int
    message: int | None
    person: int | None
    question: str | None
    answered: bool
    confidence: float
    articles: tuple[str, ...]
    language: str | None
    at: datetime
    state: State
    told: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept of one person.

    Attributes:
        questions: With ``texts`` of them word for word.
        oldest: When the first of the questions was asked.
    """

    questions: int = 0
    texts: int = 0
    votes: int = 0
    oldest: datetime | None = None


def storable(text: str | None, most: int) -> str | None:
    """A text as it can be stored: what is no Unicode replaced, cut after ``most`` characters."""
    return None if text is None else text[:most].encode("utf-8", "replace").decode("utf-8")


def as_text(moment: datetime) -> str:
    """A time in the one form in which the earlier text is the earlier time."""
    return moment.astimezone(UTC).isoformat()


def earlier(moment: datetime, span: timedelta) -> datetime:
    """The time ``span`` before a moment; the first there is where it would be before that."""
    try:
        return moment.astimezone(UTC) - span
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
