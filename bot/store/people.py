"""What is kept of a person, and how it is forgotten."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from bot.store.notices import Notice
from bot.store.records import Kept, as_text
from bot.store.schema import ASKED, VOTES


def kept_of(connection: Connection, person: int) -> Kept:
    """How much is kept of a person."""
    questions = connection.execute(
        select(
            func.count().label("number"),
            func.count(ASKED.c.question).label("texts"),
            func.min(ASKED.c.at).label("oldest"),
        ).where(ASKED.c.person == person)
    ).one()
    votes = connection.execute(
        select(func.count()).select_from(VOTES).where(VOTES.c.person == person)
    ).scalar_one()
    return Kept(
        questions=questions.number,
        texts=questions.texts,
        votes=votes,
        oldest=datetime.fromisoformat(questions.oldest) if questions.oldest else None,
    )


def forget(connection: Connection, person: int) -> int:
    """Delete a person's questions and votes; how many those were.

    What others think of the answers goes with the questions.
    """
    votes = connection.execute(delete(VOTES).where(VOTES.c.person == person)).rowcount
    questions = connection.execute(delete(ASKED).where(ASKED.c.person == person)).rowcount
    Notice("person", person).tell(connection)
    return int(votes + questions)


def forget_older(connection: Connection, moment: datetime) -> int:
    """Delete what was asked before a moment, by whomever; how many questions that were."""
    return int(connection.execute(delete(ASKED).where(ASKED.c.at < as_text(moment))).rowcount)
