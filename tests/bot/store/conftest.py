"""A store on the disk, and a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.store import Store

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
    """Opens the store of the test's folder, as a process that is started does."""

    def __call__(self, *, keep_text: bool = True, retention: timedelta = RETENTION) -> Store: ...


class Ask(Protocol):
    """Records a question, with whatever the test does not care for filled in; its id."""

    def __call__(self, server: int | None = 1, **values: Any) -> int: ...


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_store(tmp_path: Path, clock: Clock) -> Iterator[MakeStore]:
    with ExitStack() as closing:

        def make(*, keep_text: bool = True, retention: timedelta = RETENTION) -> Store:
            store = Store(tmp_path, keep_text=keep_text, retention=retention, clock=clock)
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


def bytes_on_disk(folder: Path) -> bytes:
    """Everything in the database's files, its journal too."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("people*")))
