"""A store on the disk or in PostgreSQL, and a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.store import Store
from bot.store.postgres import PostgresPeople
from retrieval.postgres.servers import Servers
from tests.postgres.cluster import Stage

RETENTION = timedelta(days=90)


class Clock:
    """The time that a test says it is."""

    def __init__(self) -> None:
        self.now = datetime(2031, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now


class MakeStore(Protocol):
    """Opens the store of the test, as a process that is started does."""

    def __call__(self, *, keep_text: bool = True, retention: timedelta = RETENTION) -> Store: ...


class Ask(Protocol):
    """Records a question, with whatever the test does not care for filled in; its id."""

    def __call__(self, server: int | None = 1, **values: Any) -> int: ...


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """What the store is kept in. What is about files only says so with ``SQLITE``."""
    return str(request.param)


SQLITE = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
POSTGRES = pytest.mark.parametrize("kind", ["postgres"], indirect=True)


@pytest.fixture
def make_store(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> Iterator[MakeStore]:
    url = request.getfixturevalue("people_url") if kind == "postgres" else None
    with ExitStack() as closing:

        def make(*, keep_text: bool = True, retention: timedelta = RETENTION) -> Store:
            database = None
            if url is not None:
                servers = Servers(url)
                closing.callback(servers.close)
                database = PostgresPeople(servers, keep_text=keep_text)
            store = Store(
                tmp_path, keep_text=keep_text, retention=retention, clock=clock, database=database
            )
            closing.callback(store.close)
            return store

        yield make


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    return make_store()


@pytest.fixture
def ask(store: Store) -> Ask:
    def record(server: int | None = 1, **values: Any) -> int:
        return ask_in(store, server, **values)

    return record


def ask_in(store: Store, server: int | None = 1, **values: Any) -> int:
    """The same in a store that the test has made."""
    usual: dict[str, Any] = {
        "channel": 10,
        "person": 100,
        "question": "Who crossed the river?",
        "answered": False,
        "confidence": 0.25,
    }
    return store.record(server=server, **(usual | values))


@pytest.fixture
def held(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], bytes]:
    """Everything that is held: the bytes of the files, or all rows of all tables."""
    if kind == "sqlite":
        return partial(bytes_on_disk, tmp_path)
    stage: Stage = request.getfixturevalue("postgres_stage")
    name = request.getfixturevalue("people_url").rpartition("/")[2]
    return partial(_rows, stage, name)


def bytes_on_disk(folder: Path) -> bytes:
    """Everything in the database's files, its journal too."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("people*")))


def _rows(stage: Stage, database: str) -> bytes:
    # As one whom row-level security does not bind.
    with stage.cluster.superuser(database) as connection:
        tables = connection.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        rows = [
            connection.execute(f"SELECT t::text FROM {table} AS t").fetchall()  # noqa: S608
            for (table,) in tables
        ]
    return repr(rows).encode()
