from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.bot.cli.program import ROOT, Footnote
from tests.bot.cli.schemas import STRING, array, exactly

SEVERITY = {"enum": ["ok", "note", "warning", "error"]}
FOUND = exactly(
    checks=array(exactly(name=STRING, severity=SEVERITY, message=STRING, remedy=STRING)),
    worst=SEVERITY,
)
NOT_NEEDED = ("numpy", "rich", "sqlalchemy", "faiss", "onnxruntime", "platformdirs", "discord")


def test_a_healthy_installation_exits_with_0(
    footnote: Footnote, articles: Path, tmp_path: Path
) -> None:
    # What other tests have left in the folder that they share is no part of a healthy one.
    options = ("--corpus", str(articles), "--data-dir", str(tmp_path / "data"))
    footnote("ask", "Who?", *options)
    result = footnote("doctor", "--json", *options)
    found = result.json()
    jsonschema.validate(found, FOUND)
    assert (result.status, found["worst"]) == (0, "note")
    assert {one["severity"] for one in found["checks"]} == {"ok", "note"}
    text = footnote("doctor", *options)
    assert text.status == 0
    assert text.out.endswith("\n\nNothing is wrong.\n")


def test_a_fault_exits_with_1_and_is_named_above_its_remedy(
    footnote: Footnote, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_WATCH", "perhaps")
    monkeypatch.setenv("FOOTNOTE_ARTICLES", "/no/such/folder")
    result = footnote("doctor")
    assert result.status == 1
    lines = result.out.splitlines()
    assert lines[0].startswith("error    settings     FOOTNOTE_WATCH is 'perhaps'")
    assert lines[1].strip().startswith("→ Set it to 1 or to 0")
    assert lines[-1] == "2 errors."
    assert not fresh.exists()
    assert footnote("doctor", "--json").json()["worst"] == "error"


def test_wrong_usage_exits_with_2(footnote: Footnote) -> None:
    assert footnote("doctor", "please").status == 2


def test_it_is_one_of_the_commands(footnote: Footnote) -> None:
    assert "doctor" in footnote("--help").out


def test_it_runs_where_packages_are_missing(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({NOT_NEEDED!r}))\n"  # To import one fails.
        "from bot.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, "doctor", "--json", "--data-dir", str(tmp_path / "data")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FOOTNOTE_DATA_DIR": str(tmp_path)},
    )
    assert ended.returncode == 1, ended.stderr
    found = json.loads(ended.stdout)
    jsonschema.validate(found, FOUND)
    by_name = {one["name"]: one for one in found["checks"]}
    assert by_name["disk"]["severity"] == "ok"
    assert "numpy" in by_name["index"]["message"]
    assert "make install" in by_name["index"]["remedy"]
