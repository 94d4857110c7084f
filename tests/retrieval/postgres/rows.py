"""Rows as the tests of servers keep and count them."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, text

from retrieval.database.schema import COLLECTIONS
from retrieval.postgres.schema import SEGMENTS
from retrieval.postgres.servers import Servers


def add(connection: Connection, name: str) -> None:
    """A collection."""
    connection.execute(insert(COLLECTIONS).values(name=name))


def names(servers: Servers) -> list[str]:
    """All collections."""
    with servers.read(None) as connection:
        return list(connection.scalars(select(COLLECTIONS.c.name).order_by(COLLECTIONS.c.name)))


def add_segment(servers: Servers, collection: str, segment: str) -> None:
    """A segment with nothing in it."""
    with servers.write(collection) as connection:
        connection.execute(
            insert(SEGMENTS).values(
                collection=collection,
                segment=segment,
                model="model",
                form="form",
                dimensions=2,
                passages=0,
                sentences=0,
                word_total=0,
                average_length=1.0,
                approximate=False,
                vocabulary=b"",
                languages=["en"],
                articles=b"",
                places=b"",
                token_frequency=b"",
            )
        )


def is_replica(connection: Connection) -> bool:
    """Whether the connection is one to a server that follows another."""
    return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar())


def backend(connection: Connection) -> int:
    """The server's process that the connection leads to."""
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
