"""What the container leaves out is what answering needs nothing of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from bot.deployment.packages import PREPARING, installed_packages, is_taken_out, unneeded
from retrieval.encoders import Encoder
from tests.bot.doctor.test_packages import Site
from tests.conftest import MODELS
from tests.wire.scene import QUESTION

ROOT = Path(__file__).parents[2]

WITHOUT = """
import json, sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MODULES:
            raise ModuleNotFoundError(f"{name} was taken out", name=name)

MODULES = set(json.loads(sys.argv.pop(1)))
sys.meta_path.insert(0, Refused())
from bot.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The command line, as if some modules were not installed."""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Footnote with a maker of models and what answers, which share a package."""
    made = Site(tmp_path)
    made.install("footnote-bot", "1", "Torch", "runtime", "spans[otlp]; extra == 'telemetry'")
    made.install("torch", "1", "algebra", "numbers")
    made.install("algebra", "1", "big-numbers")
    made.install("big-numbers", "1")
    made.install("runtime", "1", "numbers", "tests; extra == 'dev'")
    made.install("numbers", "1")
    made.install("tests", "1")
    made.install("spans", "1", "otlp-protocol; extra == 'otlp'")
    made.install("otlp-protocol", "1")
    return made


def unneeded_at(site: Site, *extras: str) -> list[str]:
    return unneeded(installed_packages([str(site.folder)]), extras)


def test_what_only_the_maker_of_models_requires_goes_with_it(site: Site) -> None:
    gone = ["algebra", "big-numbers", "tests", "torch"]
    assert unneeded_at(site, "telemetry") == gone


def test_an_extra_that_is_not_in_use_goes_too(site: Site) -> None:
    assert {"spans", "otlp-protocol"} <= set(unneeded_at(site))


def test_nothing_is_called_taken_out_while_a_part_of_it_is_there(site: Site) -> None:
    assert not is_taken_out(installed_packages([str(site.folder)]))
    assert is_taken_out({"numpy", "runtime"})


def test_a_question_is_answered_without_what_is_taken_out(encoder: Encoder, tmp_path: Path) -> None:
    encoder.encode_question("Exported by now.")
    gone = set(unneeded(installed_packages(), ["telemetry"]))
    assert gone.issuperset(PREPARING)
    modules = [
        module
        for module, owners in packages_distributions().items()
        if gone.issuperset(map(canonicalize_name, owners))
    ]
    assert {"torch", "transformers", "sentence_transformers", "onnx", "sklearn"} <= set(modules)
    asked = subprocess.run(
        [sys.executable, "-c", WITHOUT, json.dumps(modules), "ask", "--json", QUESTION],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "FOOTNOTE_MODELS_DIR": str(MODELS),
            "FOOTNOTE_DATA_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["quotes"]
    assert not asked.stderr
