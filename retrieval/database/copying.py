"""What a database keeps, copied into another one of any kind, row by row.

Ids differ there; everything else is the same, which ``contents_of`` shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, Table, delete, func, insert, select

from retrieval.database.contents import Digest
from retrieval.database.encodings import replace_encodings
from retrieval.database.protocol import Database
from retrieval.database.schema import ARTICLES, COLLECTIONS, ENCODINGS, PASSAGES, SOURCES

_ROWS: Final = 200
"""Rows in memory at once, with the passages of as many articles."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a collection holds, fit to be compared.

    Attributes:
        digest: Of every row, whatever its id and their order.
    """

    sources: int
    articles: int
    passages: int
    digest: str


def copy_collection(
    source: Connection, target: Connection, name: str, copied: Callable[[int], None]
) -> None:
    """Put a collection of one database in the place of that of the same name in another.

    Args:
        source, target: Connections that see the collection's rows.
        copied: Is told how many articles were copied more.
    """
    target.execute(delete(COLLECTIONS).where(COLLECTIONS.c.name == name))
    own = source.execute(select(COLLECTIONS).where(COLLECTIONS.c.name == name)).one()
    target.execute(insert(COLLECTIONS), [_values(own)])
    sources: dict[int, int] = {}
    for rows in _pages(source, SOURCES, name):
        sources.update(_inserted(target, SOURCES, rows))
    for rows in _pages(source, ARTICLES, name):
        moved = [{**_values(row), "source_id": sources[row.source_id]} for row in rows]
        articles = _inserted(target, ARTICLES, rows, moved)
        for some in source.execute(_passages_of(name, rows)).partitions(_ROWS):
            target.execute(
                insert(PASSAGES),
                [{**_values(row), "article_id": articles[row.article_id]} for row in some],
            )
        copied(len(rows))


def contents_of(connection: Connection, name: str) -> Contents:
    """What a collection holds.

    Args:
        connection: Sees the collection's rows.
    """
    own = connection.execute(select(COLLECTIONS).where(COLLECTIONS.c.name == name)).one()
    digest = Digest()
    digest.add("collection", _values(own))
    counts = dict.fromkeys(("sources", "articles", "passages"), 0)
    places: dict[int, tuple[str, str]] = {}
    for rows in _pages(connection, SOURCES, name):
        counts["sources"] += len(rows)
        for row in rows:
            places[row.id] = (row.kind, row.location)
            digest.add("source", _without(row, "id"))
    for rows in _pages(connection, ARTICLES, name):
        counts["articles"] += len(rows)
        ids = {row.id: row.article for row in rows}
        for row in rows:
            digest.add("article", _without(row, "id", "source_id"), places[row.source_id])
        for some in connection.execute(_passages_of(name, rows)).partitions(_ROWS):
            counts["passages"] += len(some)
            for row in some:
                digest.add("passage", _without(row, "article_id"), ids[row.article_id])
    return Contents(**counts, digest=digest.hex())


def fingerprints_of(connection: Connection, name: str) -> list[str]:
    """What the uploads of a collection are known by."""
    query = select(SOURCES.c.fingerprint).where(
        SOURCES.c.collection == name,
        SOURCES.c.kind == "upload",
        SOURCES.c.fingerprint.is_not(None),
    )
    return sorted(set(connection.scalars(query)))


def count_articles(connection: Connection, name: str) -> int:
    """How many articles a collection has, the removed ones too."""
    query = select(func.count()).select_from(ARTICLES).where(ARTICLES.c.collection == name)
    return int(connection.execute(query).scalar_one())


def count_encodings(database: Database) -> int:
    """How many encodings are kept, of all models."""
    with database.read_vectors() as connection:
        query = select(func.count()).select_from(ENCODINGS)
        return int(connection.execute(query).scalar_one())


def copy_encodings(source: Database, target: Database, copied: Callable[[int], None]) -> None:
    """Add the encodings of one database to those of another.

    Args:
        copied: Is told how many were copied more.

    Raises:
        StorageError: They cannot be read or written; some may be there.
    """
    with source.read_vectors() as connection:
        models = sorted(connection.scalars(select(ENCODINGS.c.model).distinct()))
    for model in models:
        last = ""
        while True:
            query = (
                select(ENCODINGS)
                .where(ENCODINGS.c.model == model, ENCODINGS.c.text_hash > last)
                .order_by(ENCODINGS.c.text_hash)
                .limit(_ROWS)
            )
            with source.read_vectors() as connection:
                rows = connection.execute(query).all()
            if not rows:
                break
            with target.write_vectors() as connection:
                replace_encodings(connection, [_values(row) for row in rows])
            last = rows[-1].text_hash
            copied(len(rows))


def _pages(connection: Connection, table: Table, name: str) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a collection, some at a time, by their ids."""
    last = None
    while True:
        query = select(table).where(table.c.collection == name).order_by(table.c.id).limit(_ROWS)
        rows = connection.execute(query if last is None else query.where(table.c.id > last)).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _passages_of(name: str, articles: Sequence[Row[Any]]) -> Select[Any]:
    return (
        select(PASSAGES)
        .where(
            PASSAGES.c.collection == name, PASSAGES.c.article_id.in_([row.id for row in articles])
        )
        .order_by(PASSAGES.c.article_id, PASSAGES.c.number)
    )


def _inserted(
    connection: Connection,
    table: Table,
    rows: Sequence[Row[Any]],
    values: Sequence[Mapping[str, Any]] | None = None,
) -> dict[int, int]:
    """Insert rows under new ids; these by the old ones."""
    given = [_values(row) for row in rows] if values is None else values
    fresh = connection.scalars(
        insert(table).returning(table.c.id, sort_by_parameter_order=True),
        [{key: value for key, value in each.items() if key != "id"} for each in given],
    ).all()
    return {row.id: id_ for row, id_ in zip(rows, fresh, strict=True)}


def _values(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)


def _without(row: Row[Any], *ids: str) -> dict[str, Any]:
    return {key: value for key, value in row._mapping.items() if key not in ids}
