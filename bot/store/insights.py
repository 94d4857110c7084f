"""What a server's managers may learn of what is asked there; never by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, case, func, select

from bot.store.questions import in_server, of_asked
from bot.store.records import Verdict
from bot.store.schema import ASKED, QUOTED, VOTES

_MOST_ARTICLES: Final = 10
_MOST_REASONS: Final = 20


@dataclass(frozen=True, slots=True)
class Day:
    """The questions of one day, in UTC."""

    date: date
    asked: int
    answered: int


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a verdict, and how many gave it."""

    verdict: Verdict
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Insights:
    """A server's questions over some time.

    Attributes:
        asked: Of which ``answered`` were answered, ``open`` want an answer, and of ``told``
            somebody asked for the admins to be told.
        days: Those on which anything was asked, in their order.
        articles: The most quoted ones by id, each with the number of answers that quote it.
        helpful: Votes for the answers; ``unhelpful`` are those against them.
        reasons: The most frequent first.
    """

    asked: int = 0
    answered: int = 0
    open: int = 0
    told: int = 0
    days: tuple[Day, ...] = ()
    articles: tuple[tuple[str, int], ...] = ()
    helpful: int = 0
    unhelpful: int = 0
    reasons: tuple[Reason, ...] = ()


def gather(connection: Connection, server: int, since: datetime | None) -> Insights:
    """What was asked in a server from a time on."""
    own = in_server(server, since)
    day = func.substr(ASKED.c.at, 1, 10)
    days = connection.execute(
        select(
            day.label("day"),
            func.count().label("asked"),
            func.sum(case((ASKED.c.answered, 1), else_=0)).label("answered"),
            func.sum(case((ASKED.c.state == "open", 1), else_=0)).label("open"),
            func.sum(case((ASKED.c.told, 1), else_=0)).label("told"),
        )
        .where(*own)
        .group_by(day)
        .order_by(day)
    ).all()
    articles = connection.execute(
        select(QUOTED.c.article, func.count().label("times"))
        .join(ASKED, of_asked(QUOTED))
        .where(*own)
        .group_by(QUOTED.c.article)
        .order_by(func.count().desc(), QUOTED.c.article)
        .limit(_MOST_ARTICLES)
    ).all()
    verdicts = connection.execute(
        select(VOTES.c.verdict, func.count().label("times"))
        .join(ASKED, of_asked(VOTES))
        .where(*own)
        .group_by(VOTES.c.verdict)
    ).all()
    reasons = connection.execute(
        select(VOTES.c.verdict, VOTES.c.reason, func.count().label("times"))
        .join(ASKED, of_asked(VOTES))
        .where(*own, VOTES.c.reason.is_not(None))
        .group_by(VOTES.c.verdict, VOTES.c.reason)
        .order_by(func.count().desc(), VOTES.c.reason, VOTES.c.verdict)
        .limit(_MOST_REASONS)
    ).all()
    votes = {row.verdict: row.times for row in verdicts}
    return Insights(
        asked=sum(row.asked for row in days),
        answered=sum(row.answered for row in days),
        open=sum(row.open for row in days),
        told=sum(row.told for row in days),
        days=tuple(Day(date.fromisoformat(row.day), row.asked, row.answered) for row in days),
        articles=tuple((row.article, row.times) for row in articles),
        helpful=votes.get(1, 0),
        unhelpful=votes.get(-1, 0),
        reasons=tuple(Reason(row.verdict, row.reason, row.times) for row in reasons),
    )
