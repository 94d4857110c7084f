"""What people did, copied into another database of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select

from bot.store.database import EVERYWHERE, PeopleDatabase
from bot.store.schema import ASKED, METADATA
from retrieval.database.contents import Digest
from retrieval.errors import StorageError

_ROWS: Final = 1000
"""Rows that are inserted at once."""
_NUMBERS: Final = "pg_get_serial_sequence('asked', 'id')"


@dataclass(frozen=True, slots=True)
class People:
    """How many rows of each table there are, and what they are known by."""

    counts: dict[str, int]
    digest: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not any(self.counts.values())


def copy_people(source: PeopleDatabase, target: PeopleDatabase, *, replace: bool) -> People:
    """Put what people did into another database, in one transaction, and check the copy.

    Questions keep their numbers, which the buttons of old messages bear.

    Args:
        replace: Whether what is there is deleted. What says the same already is left as it is.

    Raises:
        StorageError: There is something else and ``replace`` is not set, or something cannot be
            read or written; nothing was changed.
    """
    refuse_people(source, target, replace=replace)

    def read(reading: Connection) -> People:
        expected = _people(reading)

        def write(writing: Connection) -> None:
            if _people(writing) != expected:
                _copy(reading, writing)
                if _people(writing) != expected:
                    raise StorageError(
                        "The copy of what people asked is not the same.",
                        remedy="Nothing of it was kept. Try again, and report it if it stays so.",
                    )
            _count_on(writing, _last_number(reading))

        target.write(EVERYWHERE, write)
        return expected

    return source.read(EVERYWHERE, read)


def refuse_people(source: PeopleDatabase, target: PeopleDatabase, *, replace: bool) -> None:
    """Refuse to put what people did in the place of something else.

    Raises:
        StorageError: There is something else and ``replace`` is not set.
    """
    if replace:
        return
    there = target.read(EVERYWHERE, _people)
    if not there.is_empty and there != source.read(EVERYWHERE, _people):
        raise StorageError(
            "There is something already where everything is to be moved.",
            why="It knows of questions that were asked, or of servers.",
            remedy="Move to an empty place, or say --replace to delete what is there.",
        )


def _people(connection: Connection) -> People:
    digest, counts = Digest(), {}
    for table in METADATA.sorted_tables:
        counts[table.name] = 0
        for row in connection.execute(select(table)):
            counts[table.name] += 1
            digest.add(table.name, _values(row))
    return People(counts, digest.hex())


def _copy(source: Connection, target: Connection) -> None:
    for table in reversed(METADATA.sorted_tables):
        target.execute(delete(table))
    for table in METADATA.sorted_tables:
        query = select(table).order_by(*table.primary_key)
        for rows in source.execute(query).partitions(_ROWS):
            target.execute(insert(table), [_values(row) for row in rows])


def _values(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)


def _last_number(connection: Connection) -> int:
    """The highest number that a question has had, those that were deleted too."""
    if connection.dialect.name == "postgresql":
        query = f"SELECT pg_sequence_last_value({_NUMBERS}::regclass)"
    else:
        query = f"SELECT seq FROM sqlite_sequence WHERE name = '{ASKED.name}'"  # noqa: S608
    return int(connection.exec_driver_sql(query).scalar() or 0)


def _count_on(connection: Connection, number: int) -> None:
    """Number the next question higher than this, and than all that were there."""
    number = max(number, _last_number(connection))
    if not number:
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT setval({_NUMBERS}, {number})")
    else:
        connection.exec_driver_sql(
            "UPDATE sqlite_sequence SET seq = ? WHERE name = ?", (number, ASKED.name)
        )
