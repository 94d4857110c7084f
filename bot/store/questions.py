"""Questions in the database, and the lists of those that want an answer.

``server`` is a key, see ``database.key_of``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    delete,
    false,
    func,
    insert,
    select,
    update,
)

from bot.store.database import DIRECT
from bot.store.records import Asked, State, Verdict, as_text, storable
from bot.store.schema import ASKED, QUOTED, VOTES
from bot.store.upsert import upsert
from retrieval.questions import MAX_CHARACTERS

AT_ONCE: Final = 500
"""How many rows are asked for by their ids in one query."""
_LONGEST_NAME: Final = 1000
_LONGEST_REASON: Final = 1000


def add(
    connection: Connection,
    *,
    server: int,
    channel: int,
    message: int | None,
    person: int | None,
    question: str | None,
    answered: bool,
    confidence: float,
    articles: Iterable[str],
    language: str | None,
    at: datetime,
) -> int:
    """Keep a question; its id. One without an answer is put on its server's list."""
    result = connection.execute(
        insert(ASKED).values(
            server=server,
            channel=channel,
            message=message,
            person=person,
            question=storable(question, MAX_CHARACTERS),
            answered=answered,
            confidence=confidence if math.isfinite(confidence) else 0.0,
            language=storable(language, 20),
            at=as_text(at),
            state="open" if server != DIRECT and not answered else "none",
        )
    )
    row = int(result.inserted_primary_key[0])  # type: ignore[index]
    names = dict.fromkeys(storable(article, _LONGEST_NAME) for article in articles)
    if names:
        connection.execute(
            insert(QUOTED),
            [
                {"asked_id": row, "position": position, "server": server, "article": name}
                for position, name in enumerate(names)
            ],
        )
    return row


def place(connection: Connection, server: int, asked: int, channel: int, message: int) -> bool:
    """Keep where the answer is."""
    statement = update(ASKED).where(_is(server, asked)).values(channel=channel, message=message)
    return bool(connection.execute(statement).rowcount)


def find(connection: Connection, server: int, asked: int) -> Asked | None:
    """One question."""
    found = connection.execute(select(ASKED).where(_is(server, asked))).all()
    return next(iter(_records(connection, found)), None)


def tell(connection: Connection, server: int, asked: int) -> bool:
    """Have the admins told of a question; says whether they were not yet.

    One that was answered, though not well, is put on its server's list too.
    """
    query = select(ASKED).where(_is(server, asked), ~ASKED.c.told).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        return False
    listed = row.state == "none" and row.server != DIRECT
    state: State = "open" if listed else row.state
    connection.execute(update(ASKED).where(_is(server, asked)).values(told=True, state=state))
    return True


def mark(connection: Connection, server: int, ids: Iterable[int], state: State) -> int:
    """Put a server's questions on its list or take them off; how many of them are its own."""
    remaining = iter(dict.fromkeys(filter(_can_be, ids)))
    marked = 0
    while some := list(islice(remaining, AT_ONCE)):
        statement = (
            update(ASKED).where(ASKED.c.server == server, ASKED.c.id.in_(some)).values(state=state)
        )
        marked += connection.execute(statement).rowcount
    return marked


def list_open(connection: Connection, server: int, limit: int, offset: int) -> list[Asked]:
    """A server's questions that want an answer, the newest first."""
    query = (
        select(ASKED)
        .where(*_is_open(server))
        .order_by(ASKED.c.id.desc())
        .limit(max(limit, 0))
        .offset(max(offset, 0))
    )
    return _records(connection, connection.execute(query).all())


def count_open(connection: Connection, server: int) -> int:
    """How many questions that are."""
    query = select(func.count()).select_from(ASKED).where(*_is_open(server))
    return int(connection.execute(query).scalar_one())


def list_after(
    connection: Connection, server: int, since: datetime | None, after: int
) -> list[Asked]:
    """A server's questions in the order of their ids, ``AT_ONCE`` of them, from ``after`` on."""
    query = (
        select(ASKED)
        .where(*in_server(server, since), ASKED.c.id > after)
        .order_by(ASKED.c.id)
        .limit(AT_ONCE)
    )
    return _records(connection, connection.execute(query).all())


def vote(
    connection: Connection,
    server: int,
    asked: int,
    person: int,
    verdict: Verdict | None,
    reason: str | None,
) -> bool:
    """Keep what a person thinks of an answer, or no longer; says whether the question is there."""
    # Held, so that it is not forgotten before the vote refers to it.
    query = select(ASKED.c.id).where(_is(server, asked)).with_for_update(read=True)
    if connection.execute(query).scalar() is None:
        return False
    key = {"server": server, "asked_id": asked, "person": person}
    if verdict is None:
        own = [VOTES.c[name] == value for name, value in key.items()]
        connection.execute(delete(VOTES).where(*own))
        return True
    values = {"verdict": verdict, "reason": storable(reason, _LONGEST_REASON)}
    upsert(connection, VOTES, key | values, values)
    return True


def in_server(server: int, since: datetime | None) -> list[ColumnElement[bool]]:
    """That a question was asked in a server, from a time on."""
    own = ASKED.c.server == server
    return [own] if since is None else [own, ASKED.c.at >= as_text(since)]


def of_asked(table: Table) -> ColumnElement[bool]:
    """That a row of another table belongs to a question."""
    return (table.c.server == ASKED.c.server) & (table.c.asked_id == ASKED.c.id)


def _is(server: int, asked: int) -> ColumnElement[bool]:
    if not _can_be(asked):
        return false()
    return (ASKED.c.server == server) & (ASKED.c.id == asked)


def _can_be(asked: int) -> bool:
    """Whether a number can be looked for: what a button says is not to be trusted."""
    return 0 < asked < 2**63


def _is_open(server: int) -> tuple[ColumnElement[bool], ...]:
    return ASKED.c.server == server, ASKED.c.state == "open"


def _records(connection: Connection, rows: Sequence[Row[Any]]) -> list[Asked]:
    articles: dict[int, list[str]] = {row.id: [] for row in rows}
    servers = {row.server for row in rows}
    remaining = iter(articles)
    while some := list(islice(remaining, AT_ONCE)):
        query = (
            select(QUOTED)
            .where(QUOTED.c.server.in_(servers), QUOTED.c.asked_id.in_(some))
            .order_by(QUOTED.c.asked_id, QUOTED.c.position)
        )
        for quoted in connection.execute(query):
            articles[quoted.asked_id].append(quoted.article)
    return [
        Asked(
            id=row.id,
            server=None if row.server == DIRECT else row.server,
            channel=row.channel,
            message=row.message,
            person=row.person,
            question=row.question,
            answered=row.answered,
            confidence=row.confidence,
            articles=tuple(articles[row.id]),
            language=row.language,
            at=datetime.fromisoformat(row.at),
            state=row.state,
            told=row.told,
        )
        for row in rows
    ]
