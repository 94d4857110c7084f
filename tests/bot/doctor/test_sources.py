from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from bot.doctor.sources import check_sources
from retrieval.phrases import phrase, to_text
from tests.bot.doctor.conftest import House, only


def test_a_folder_of_articles_is_counted(house: House) -> None:
    (finding,) = check_sources(house.installation())
    assert finding.severity == "ok"
    assert f"{house.articles} holds 1 file(s)" in finding.message


def test_a_missing_source_is_named_with_its_remedy_beside_the_others(house: House) -> None:
    gone = house.articles.parent / "gone"
    named = f"{gone},{house.articles},https://example.org/feed"
    found = list(check_sources(house.installation(FOOTNOTE_ARTICLES=named)))
    assert [one.severity for one in found] == ["error", "ok", "ok"]
    assert str(gone) in found[0].message
    assert "FOOTNOTE_ARTICLES" in found[0].remedy
    assert "was not asked" in found[2].message


def test_the_folder_on_the_command_line_takes_the_place_of_the_settings(house: House) -> None:
    gone = house.articles.parent / "gone"
    (finding,) = check_sources(replace(house.installation(), corpus=gone))
    assert (finding.severity, str(gone) in finding.message) == ("error", True)


def test_a_folder_without_articles_is_named(house: House) -> None:
    (house.articles / "bridge.md").unlink()
    finding = only(list(check_sources(house.installation())))
    assert finding.severity == "warning"
    assert str(house.articles) in finding.message


@pytest.mark.skipif(os.geteuid() == 0, reason="everything can be read by root")
def test_a_file_that_may_not_be_read_is_named(house: House) -> None:
    (house.articles / "bridge.md").chmod(0)
    finding = only(list(check_sources(house.installation())))
    assert finding.severity == "error"
    assert "bridge.md" in finding.message


def test_the_articles_that_ship_with_the_bot_are_there(house: House) -> None:
    (finding,) = check_sources(house.installation(FOOTNOTE_ARTICLES=""))
    assert finding.severity == "ok"


def test_what_could_not_be_read_last_time_is_named_with_the_reason(house: House) -> None:
    reason = phrase("{file} holds no text.", file="bridge.md")
    fail(house.data / "footnote.db", to_text(reason))
    finding = only(list(check_sources(house.installation())))
    assert finding.severity == "warning"
    assert "bridge.md holds no text." in finding.message
    assert "footnote corpus reload" in finding.remedy


def fail(path: Path, error: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE sources SET error = ? WHERE collection = 'shared'", (error,))
    connection.close()
