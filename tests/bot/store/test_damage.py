"""A damaged database is put aside, and the bot goes on with another."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store import Store
from bot.store.connection import NAME
from retrieval.errors import StorageError
from tests.bot.store.conftest import RETENTION, Clock, MakeStore, ask_in, bytes_on_disk


@pytest.fixture
def kind() -> str:
    return "sqlite"


def aside(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("people.damaged*"))


@pytest.mark.parametrize("content", [b"no database at all", b"\0" * 5000, b"SQLite format 3\0xx"])
def test_what_is_no_database_is_put_aside_with_a_warning(
    make_store: MakeStore, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / NAME).write_bytes(content)
    store = make_store()
    with caplog.at_level(logging.WARNING):
        asked = ask_in(store)
    assert store.asked(1, asked) is not None
    (name,) = aside(tmp_path)
    assert (tmp_path / name).read_bytes() == content
    assert name in caplog.text


def test_an_empty_file_is_a_new_database(make_store: MakeStore, tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    make_store().open()
    assert aside(tmp_path) == []


def test_what_is_damaged_while_it_is_open_is_begun_anew(
    make_store: MakeStore, tmp_path: Path
) -> None:
    store = make_store()
    ask_in(store)
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("DROP TABLE votes")
        connection.execute("DROP TABLE quoted")
    asked = ask_in(store, articles=["a"])
    assert [each.id for each in store.open_questions(1)] == [asked]
    assert len(aside(tmp_path)) >= 1


def test_what_is_deleted_while_it_is_open_is_begun_anew(
    make_store: MakeStore, tmp_path: Path
) -> None:
    store = make_store()
    before = ask_in(store)
    for path in tmp_path.glob("people.db*"):
        path.unlink()
    assert store.asked(1, before) is None
    asked = ask_in(store)
    store.close()
    assert make_store().asked(1, asked) is not None


def test_what_was_put_aside_goes_when_anybody_is_to_be_forgotten(
    make_store: MakeStore, tmp_path: Path
) -> None:
    (tmp_path / NAME).write_bytes(b"Ada's questions")
    store = make_store()
    store.open()
    store.forget_person(100)
    assert aside(tmp_path) == []
    assert b"Ada" not in bytes_on_disk(tmp_path)


def test_what_was_put_aside_goes_with_the_retention(
    make_store: MakeStore, tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / NAME).write_bytes(b"no database")
    (tmp_path / "people.damaged-by-me.txt").write_text("mine")
    store = make_store()
    store.purge()
    assert len(aside(tmp_path)) == 2
    clock.advance(days=RETENTION.days + 1)
    store.purge()
    assert aside(tmp_path) == ["people.damaged-by-me.txt"]


def test_a_full_disk_is_no_damage(
    make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    store = make_store()
    asked = ask_in(store)
    with monkeypatch.context() as patched:
        patched.setattr("bot.store.questions.add", full)
        with pytest.raises(StorageError, match=r"disk is full.*Free some space"):
            ask_in(store)
    assert store.asked(1, asked) is not None
    assert aside(tmp_path) == []


def test_an_error_does_not_tell_what_was_asked(make_store: MakeStore, tmp_path: Path) -> None:
    store = make_store()
    store.open()
    with closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER no BEFORE INSERT ON asked BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(StorageError) as caught:
        ask_in(store, question="Where does Ada keep her camel?")
    assert "camel" not in str(caught.value)
    assert "camel" not in str(caught.value.__cause__)


def test_what_cannot_be_wiped_is_deleted_all_the_same_and_wiped_later(
    make_store: MakeStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    store = make_store()
    asked = ask_in(store, question="Ada's question")
    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr("bot.store.connection._wipe", full)
        assert store.forget_person(100) == 1
    assert "disk is full" in caplog.text
    assert store.asked(1, asked) is None
    store.purge()
    assert b"Ada" not in bytes_on_disk(tmp_path)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 4095) | st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_byte_that_flips_never_keeps_the_store_from_opening(
    whole: bytes, tmp_path: Path, clock: Clock, position: int, byte: int
) -> None:
    for path in tmp_path.glob("people*"):
        path.unlink()
    content = bytearray(whole)
    content[position % len(content)] = byte
    (tmp_path / NAME).write_bytes(content)
    store = Store(tmp_path, keep_text=True, retention=RETENTION, clock=clock)
    try:
        asked = ask_in(store, question="new", person=7, articles=["a"])
        assert store.asked(1, asked) is not None
        assert store.vote(1, asked, 8, 1, "Good")
        assert store.insights(1).helpful == 1
        assert store.what_is_kept(7).questions >= 1
    finally:
        store.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database as it is on the disk."""
    folder = tmp_path_factory.mktemp("whole")
    store = Store(folder, keep_text=True, retention=RETENTION, clock=Clock())
    for number in range(60):
        ask_in(store, question=f"question {number} " + "x" * 200, articles=["a"])
    store.close()
    return (folder / NAME).read_bytes()
