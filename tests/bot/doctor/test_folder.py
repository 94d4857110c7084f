from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bot.doctor.folder import check_disk, check_folder
from tests.bot.doctor.conftest import House

MB = 1_000_000


def test_a_folder_that_can_be_written_is_all_right(house: House) -> None:
    (finding,) = check_folder(house.installation())
    assert finding.severity == "ok"
    assert str(house.data) in finding.message


def test_a_folder_that_is_not_there_yet_is_all_right_and_is_not_made(house: House) -> None:
    folder = house.data / "not" / "yet"
    (finding,) = check_folder(house.installation(FOOTNOTE_DATA_DIR=str(folder)))
    assert finding.severity == "ok"
    assert "will be made" in finding.message
    assert not folder.parent.exists()


@pytest.mark.parametrize("below", ["", "data"])
def test_a_file_in_the_place_of_the_folder_is_named_with_its_remedy(
    house: House, below: str
) -> None:
    file = house.data.parent / "file"
    file.touch()
    (finding,) = check_folder(house.installation(FOOTNOTE_DATA_DIR=str(file / below)))
    assert finding.severity == "error"
    assert f"{file} is a file" in finding.message
    assert "FOOTNOTE_DATA_DIR" in finding.remedy


@pytest.mark.skipif(os.geteuid() == 0, reason="everything can be written by root")
def test_a_folder_that_cannot_be_written_is_named_with_its_remedy(house: House) -> None:
    house.data.chmod(0o555)
    try:
        (finding,) = check_folder(house.installation())
    finally:
        house.data.chmod(0o755)
    assert finding.severity == "error"
    assert "chown" in finding.remedy


@pytest.mark.parametrize(
    ("free", "severity", "words"),
    [
        (0, "error", "0 MB are free"),
        (49 * MB, "error", "no change can be kept"),
        (400 * MB, "warning", "little more"),
        (10_000 * MB, "ok", "10,000 MB are free"),
    ],
)
def test_a_disk_that_is_full_or_nearly_so_is_named_with_its_remedy(
    house: House, free: int, severity: str, words: str
) -> None:
    asked: list[Path] = []

    def measure(folder: Path) -> int:
        asked.append(folder)
        return free

    (finding,) = check_disk(replace(house.installation(), free=measure))
    assert (finding.severity, asked) == (severity, [house.data])
    assert words in finding.message
    assert ("Free some space" in finding.remedy) == (severity != "ok")


def test_a_disk_without_room_for_another_index_is_named(house: House) -> None:
    with (house.data / "large").open("wb") as file:
        file.truncate(2_000 * MB)
    (finding,) = check_disk(replace(house.installation(), free=lambda folder: 1_000 * MB))
    assert finding.severity == "warning"
    assert "beside the old one" in finding.message


def test_the_real_disk_is_asked_where_the_folder_will_be(house: House) -> None:
    folder = house.data / "not" / "yet"
    (finding,) = check_disk(house.installation(FOOTNOTE_DATA_DIR=str(folder)))
    assert "MB are free" in finding.message
