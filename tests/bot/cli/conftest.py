"""The command line, and articles for it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from dotenv import dotenv_values

from bot.cli import main
from retrieval.encoders import Encoder
from retrieval.sandbox import Sandbox
from tests.bot.cli.program import ROOT, Footnote, Result


class _Keyboard(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli-data")


@pytest.fixture
def footnote(
    data: Path,
    encoder: Encoder,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Footnote:
    """The command line in this process, with the model and the readers that are there already."""
    kept = SimpleNamespace(read=sandbox.read, close=lambda: None)
    monkeypatch.setattr("bot.assembly.make_encoder", lambda model, models_dir: encoder)
    monkeypatch.setattr("retrieval.corpus.corpora.Sandbox", lambda limits: kept)
    for name in dotenv_values(ROOT / ".env.example"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(data))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, typed: str | bytes = "", watched: bool = False) -> Result:
        content = typed if isinstance(typed, bytes) else typed.encode()
        stdin = _Keyboard(content) if watched else io.BytesIO(content)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin, "utf-8"))
        monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)
        status = main(arguments)
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "bridge.md").write_text("The bridge was opened by the mayor on Sunday.")
    (folder / "school.txt").write_text("The school was closed in June for good.")
    return folder


@pytest.fixture
def fresh(footnote: Footnote, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder that is not there yet, for whatever is run in the test."""
    folder = tmp_path / "data"
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(folder))
    return folder
