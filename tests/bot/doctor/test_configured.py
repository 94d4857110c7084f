from __future__ import annotations

from pathlib import Path

import pytest

from bot.doctor.configured import read_settings
from bot.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("FOOTNOTE_POLL_MINUTES", "soon", "such as 60"),
        ("FOOTNOTE_WATCH", "perhaps", "to 1 or to 0"),
        ("ANSWER_THRESHOLD", "2", "such as 0.5"),
        ("OPERATOR_IDS", "ada", "Copy User ID"),
        ("DISCORD_API_URL", "ftp://proxy", "to reach Discord itself"),
        ("LOG_LEVEL", "LOUD", "to use WARNING"),
        ("FOOTNOTE_DATA_DIR", "~nobody-here/data", "whole path"),
    ],
)
def test_a_bad_value_is_named_with_its_remedy(
    tmp_path: Path, name: str, value: str, remedy: str
) -> None:
    settings, (finding,) = read_settings({name: value}, tmp_path / "none")
    assert (finding.name, finding.severity) == ("settings", "error")
    assert finding.message.startswith(name)
    assert remedy in finding.remedy
    assert settings == read_settings({}, tmp_path / "none")[0]


def test_every_bad_value_is_named_and_the_good_ones_are_used(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FOOTNOTE_WATCH=perhaps\nFOOTNOTE_GRACE_DAYS=3\n")
    environment = {"FOOTNOTE_MAX_PAGES": "0", "LOG_LEVEL": "LOUD", "MODEL": "mine"}
    settings, found = read_settings(environment, tmp_path / ".env")
    assert {one.message.split()[0] for one in found} == {
        "FOOTNOTE_WATCH",
        "FOOTNOTE_MAX_PAGES",
        "LOG_LEVEL",
    }
    assert (settings.grace_days, settings.model) == (3, "mine")
    assert settings.watch == Settings().watch


def test_an_unreadable_file_of_settings_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"MODEL=\xff\xfe\n")
    settings, (finding,) = read_settings({"MODEL": "mine"}, tmp_path / ".env")
    assert str(tmp_path / ".env") in finding.message
    assert "UTF-8" in finding.remedy
    assert settings.model == "mine"


def test_good_settings_are_said_to_be_so(tmp_path: Path) -> None:
    _, (finding,) = read_settings({}, tmp_path / "none")
    assert finding.severity == "ok"
