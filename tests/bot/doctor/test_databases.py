from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.doctor.databases import check_articles, check_encodings, check_people
from bot.doctor.finding import Finding
from bot.store.connection import HEAD
from tests.bot.doctor.conftest import House, flip, only, state


def found(house: House) -> list[Finding]:
    installation = house.installation()
    return [
        *check_articles(installation),
        *check_encodings(installation),
        *check_people(installation),
    ]


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def test_whole_databases_are_all_right_and_stay_as_they_are(house: House) -> None:
    before = state(house.data)
    assert [one.severity for one in found(house)] == ["ok", "ok", "ok"]
    assert state(house.data) == before


def test_a_database_that_is_no_database_is_named_and_can_be_restored(house: House) -> None:
    flip(house.data / "footnote.db", 3)
    before = state(house.data)
    finding = only(found(house))
    assert finding.severity == "error"
    assert str(house.data / "footnote.db") in finding.message
    assert "restores the database from its copy" in finding.remedy
    assert state(house.data) == before


@pytest.mark.parametrize("place", [100, 5000, 20000])
def test_any_byte_of_a_database_that_the_disk_has_changed_is_noticed(
    house: House, place: int
) -> None:
    flip(house.data / "footnote.db", place)
    finding = only(found(house))
    assert finding.severity == "error"
    assert "Start Footnote" in finding.remedy


def test_a_damaged_database_without_a_whole_copy_needs_a_backup(house: House) -> None:
    flip(house.data / "footnote.db", 3)
    flip(house.file("mirror/*.db"))
    assert "footnote corpus restore" in only(found(house)).remedy


def test_a_database_that_was_deleted_is_missed(house: House) -> None:
    (house.data / "footnote.db").unlink()
    finding = only(found(house))
    assert finding.severity == "error"
    assert "is missing, and there is a whole copy" in finding.message


def test_nothing_is_missed_before_the_first_start(tmp_path: Path) -> None:
    house = House(tmp_path / "data", tmp_path)
    assert [one.severity for one in found(house)] == ["ok"]
    assert not house.data.exists()


@pytest.mark.parametrize("how", ["deleted", "damaged", "older"])
def test_a_copy_that_would_not_help_is_named(house: House, how: str) -> None:
    copy = house.file("mirror/*.db")
    if how == "deleted":
        copy.unlink()
    elif how == "damaged":
        flip(copy)
    else:
        change(house.data / "footnote.db", "UPDATE revision SET number = number + 1")
    finding = only(found(house))
    assert finding.severity == "warning"
    assert "copy" in finding.message
    assert "made anew" in finding.remedy


def test_a_database_of_a_newer_version_is_named(house: House) -> None:
    change(house.data / "people.db", "UPDATE alembic_version SET version_num = '9999'")
    finding = only(found(house))
    assert finding.severity == "error"
    assert f"schema 9999; this one knows {HEAD}" in finding.message
    assert "that version" in finding.remedy


def test_a_database_of_an_older_version_is_brought_up_to_date_later(house: House) -> None:
    change(house.data / "people.db", "UPDATE alembic_version SET version_num = '0000'")
    finding = only(found(house), "note")
    assert "footnote corpus backup" in finding.remedy


@pytest.mark.parametrize(("name", "severity"), [("vectors", "warning"), ("people", "error")])
def test_the_other_databases_are_looked_at_too(house: House, name: str, severity: str) -> None:
    flip(house.data / f"{name}.db", 3)
    finding = only(found(house))
    assert finding.severity == severity
    assert f"{name}.db" in finding.message
    assert finding.remedy


def test_a_database_that_is_in_use_is_read_as_it_is(house: House) -> None:
    connection = sqlite3.connect(house.data / "footnote.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE revision SET number = number + 1")
    try:
        assert {one.severity for one in found(house)} == {"ok"}
    finally:
        connection.close()
