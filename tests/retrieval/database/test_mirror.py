"""Whatever the disk does to the database, what was committed is there at the next start."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from retrieval.database import SQLiteDatabase, collection_names
from retrieval.database.connection import NAME
from retrieval.database.schema import COLLECTIONS

RESTORED = "The database was damaged; it is restored from its copy."
NAMES = [f"collection-{number:02}" for number in range(40)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in which something was committed twice."""
    folder = tmp_path_factory.mktemp("kept")
    database = SQLiteDatabase(folder)
    for names in (NAMES[:20], NAMES[20:]):
        with database.write() as connection:
            connection.execute(insert(COLLECTIONS), [{"name": name} for name in names])
    database.close()
    return folder


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "data"))


def opened(folder: Path) -> tuple[list[str], tuple[str, ...]]:
    """What is in the database when it is opened now, and what that tells."""
    database = SQLiteDatabase(folder)
    try:
        return collection_names(database), database.take_notices()
    finally:
        database.close()


def flip(path: Path, place: int, bits: int = 0x5A) -> None:
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= bits
    path.write_bytes(content)


def the_copy(folder: Path) -> Path:
    (copy,) = (folder / "mirror").iterdir()
    return copy


def test_a_whole_database_is_left_alone(folder: Path) -> None:
    before = (folder / NAME).read_bytes()
    assert opened(folder) == (NAMES, ())
    assert (folder / NAME).read_bytes() == before == the_copy(folder).read_bytes()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(place=0, bits=1)
@example(place=18, bits=1)  # who may write it
@example(place=19, bits=4)  # who may read it
@example(place=16, bits=2)  # the size of a page
@example(place=27, bits=1)  # how often it was changed
@example(place=43, bits=1)  # the schema
@example(place=100, bits=255)  # the first page
@given(
    place=st.one_of(st.integers(0, 4096), st.integers(0, 1 << 20)),
    bits=st.integers(1, 255),
)
def test_a_byte_that_flips_anywhere_is_healed_with_everything_that_was_committed(
    kept: Path, tmp_path_factory: pytest.TempPathFactory, place: int, bits: int
) -> None:
    folder = Path(shutil.copytree(kept, tmp_path_factory.mktemp("flip") / "data"))
    flip(folder / NAME, place, bits)
    names, notices = opened(folder)
    assert names == NAMES
    assert notices in {(RESTORED,), ()}
    assert opened(folder) == (NAMES, ())
    assert (folder / NAME).read_bytes() == the_copy(folder).read_bytes()
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no database at all"),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
    ],
)
def test_a_database_that_is_gone_or_cut_is_restored(
    folder: Path, damage: Callable[[Path], object]
) -> None:
    damage(folder / NAME)
    assert opened(folder) == (NAMES, (RESTORED,))
    assert opened(folder) == (NAMES, ())


@pytest.mark.parametrize("place", [0, 5000, -1])
def test_a_damaged_copy_is_harmless_and_made_again(folder: Path, place: int) -> None:
    flip(the_copy(folder), place)
    assert opened(folder) == (NAMES, ())
    assert the_copy(folder).read_bytes() == (folder / NAME).read_bytes()
    flip(folder / NAME, 5000)
    assert opened(folder) == (NAMES, (RESTORED,))


def test_a_missing_copy_is_made_again(folder: Path) -> None:
    shutil.rmtree(folder / "mirror")
    assert opened(folder) == (NAMES, ())
    flip(folder / NAME, 5000)
    assert opened(folder) == (NAMES, (RESTORED,))


def test_what_else_lies_among_the_copies_does_not_matter(folder: Path) -> None:
    for name in ("x.db", "9-zz.db", ".half", f"99-{'0' * 64}.db"):
        (folder / "mirror" / name).write_bytes(b"nonsense")
    flip(folder / NAME, 5000)
    assert opened(folder) == (NAMES, (RESTORED,))


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 40_000, bytes(range(256)) * 200])
def test_nonsense_where_the_journal_should_be_does_no_harm(
    folder: Path, suffix: str, content: bytes
) -> None:
    (folder / f"{NAME}{suffix}").write_bytes(content)
    assert opened(folder) == (NAMES, ())


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 1 << 16), bits=st.integers(1, 255))
def test_a_journal_that_is_damaged_costs_at_most_what_was_only_in_it(
    kept: Path, tmp_path_factory: pytest.TempPathFactory, place: int, bits: int
) -> None:
    folder = Path(shutil.copytree(kept, tmp_path_factory.mktemp("journal") / "data"))
    database = SQLiteDatabase(folder)
    database.open()
    with database.read() as connection, pytest.MonkeyPatch.context() as patched:
        # Whoever reads keeps the journal from being put into the file.
        connection.execute(COLLECTIONS.select()).all()
        patched.setattr("retrieval.database.connection._SEAL_WAIT_MS", 1)
        with database.write() as writing:
            writing.execute(insert(COLLECTIONS).values(name="newest"))
        crashed = Path(shutil.copytree(folder, folder.with_name("crashed")))
    database.close()
    assert (crashed / f"{NAME}-wal").stat().st_size > 0
    assert (crashed / NAME).read_bytes() == the_copy(crashed).read_bytes()
    flip(crashed / f"{NAME}-wal", place, bits)
    names, _ = opened(crashed)
    assert names in (NAMES, [*NAMES, "newest"])
    shutil.rmtree(folder.parent)


def test_a_change_that_was_committed_and_not_copied_is_not_taken_back(folder: Path) -> None:
    database = SQLiteDatabase(folder)
    database.open()
    with database.read() as connection, pytest.MonkeyPatch.context() as patched:
        connection.execute(COLLECTIONS.select()).all()
        patched.setattr("retrieval.database.connection._SEAL_WAIT_MS", 1)
        with database.write() as writing:
            writing.execute(insert(COLLECTIONS).values(name="newest"))
        crashed = Path(shutil.copytree(folder, folder.with_name("crashed")))
    database.close()
    assert opened(crashed) == ([*NAMES, "newest"], ())
    assert (crashed / NAME).read_bytes() == the_copy(crashed).read_bytes()
    flip(crashed / NAME, 5000)
    assert opened(crashed) == ([*NAMES, "newest"], (RESTORED,))


def test_where_nothing_is_whole_it_begins_anew_and_keeps_the_damaged_file(folder: Path) -> None:
    flip(the_copy(folder), 5000)
    (folder / NAME).write_bytes(b"no database at all")
    names, (notice,) = opened(folder)
    assert names == []
    (damaged,) = folder.glob(f"{NAME}.damaged-*")
    assert damaged.name in notice
    assert damaged.read_bytes() == b"no database at all"
    assert opened(folder) == ([], ())
