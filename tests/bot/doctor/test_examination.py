from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.doctor import Finding, examine
from bot.doctor.examination import Check, carried_out
from tests.bot.doctor.conftest import House, flip, state
from tests.bot.doctor.tokens import TOKEN
from tests.conftest import MODELS

NOWHERE = "http://127.0.0.1:9/api/v10"
"""Nobody listens there."""
EVERYTHING = {
    "settings",
    "python",
    "packages",
    "data folder",
    "disk",
    "database",
    "lock",
    "model",
    "export",
    "index",
    "articles",
    "token",
}


def examined(house: House, **more: str) -> list[Finding]:
    return list(examine(environment=house.environment(**more), dotenv=Path(os.devnull)))


def test_a_healthy_installation_is_all_right_and_stays_as_it_is(house: House) -> None:
    before = state(house.data)
    found = examined(house)
    assert {one.name for one in found} == EVERYTHING
    assert [(one.name, one.severity) for one in found if one.severity != "ok"] == [
        ("token", "note")
    ]
    assert state(house.data) == before


def test_every_fault_is_found_whatever_else_is_broken(house: House, tmp_path: Path) -> None:
    models = Path(shutil.copytree(MODELS, tmp_path / "models"))
    flip(next(models.glob("*/tokenizer.json")))
    flip(house.data / "people.db", 3)
    flip(house.file("mirror/*.db"))
    flip(next(house.data.glob("collections/shared/indexes/segment-*/vocabulary.json")))
    (house.articles / "bridge.md").unlink()
    before = state(house.data)
    found = list(
        examine(
            environment=house.environment(
                FOOTNOTE_MODELS_DIR=str(models),
                FOOTNOTE_WATCH="perhaps",
                MODEL_IS_NOT_SET="1",
                DISCORD_TOKEN="nothing",
            ),
            dotenv=Path(os.devnull),
            free=lambda folder: 0,
        )
    )
    faults = [one for one in found if one.severity in ("warning", "error")]
    assert [one.name for one in faults] == [
        "settings",
        "disk",
        "database",
        "database",
        "export",
        "index",
        "articles",
        "token",
    ]
    assert all(one.remedy for one in faults)
    assert state(house.data) == before


def test_options_take_the_place_of_settings(house: House, tmp_path: Path) -> None:
    found = list(
        examine(
            tmp_path / "gone",
            tmp_path / "data",
            environment=house.environment(),
            dotenv=Path(os.devnull),
        )
    )
    words = " ".join(one.message for one in found)
    assert f"There are no articles at {tmp_path / 'gone'}" in words
    assert f"{tmp_path / 'data'} will be made" in words


def test_without_a_network_the_rest_is_checked(house: House) -> None:
    found = examined(house, DISCORD_TOKEN=TOKEN, DISCORD_API_URL=NOWHERE)
    assert {one.name for one in found} == EVERYTHING | {"discord"}
    assert [(one.name, one.severity) for one in found if one.severity != "ok"] == [
        ("discord", "note")
    ]
    assert TOKEN not in str(found)


def test_a_check_that_fails_is_a_finding() -> None:
    def fail() -> Iterator[Finding]:
        yield Finding("thing", "ok", "The first half is right.")
        raise RuntimeError("no second half")

    first, second = carried_out(Check("thing", fail))
    assert first.severity == "ok"
    assert second.severity == "error"
    assert "RuntimeError: no second half" in second.message


def test_a_check_that_needs_a_missing_package_says_so() -> None:
    def fail() -> Iterator[Finding]:
        raise ModuleNotFoundError("No module named 'faiss'", name="faiss")
        yield

    (finding,) = carried_out(Check("index", fail))
    assert finding.severity == "error"
    assert "No module named 'faiss'" in finding.message
    assert "make install" in finding.remedy


def test_a_check_that_hangs_is_left_and_what_it_found_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.doctor.examination._LONG", 0.02)
    end = threading.Event()
    long: list[str] = []

    def hang() -> Iterator[Finding]:
        yield Finding("thing", "ok", "The first half is right.")
        end.wait()

    first, second = carried_out(Check("thing", hang, seconds=0.1), long.append)
    end.set()
    assert (first.severity, second.severity) == ("ok", "warning")
    assert "within 0" in second.message
    assert long == ["thing"]


def test_the_token_is_in_nothing_that_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(installation: object) -> Iterator[Finding]:
        raise ValueError(f"cannot send {TOKEN}")
        yield

    monkeypatch.setattr("bot.doctor.application.check_discord", fail)
    found = examined(house, DISCORD_TOKEN=TOKEN)
    assert found[-1].message.endswith("cannot send ***).")
    assert TOKEN not in str(found)
