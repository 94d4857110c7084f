"""What a process loads that is to answer at once: each library costs its part of a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Final

import pytest

from tests.bot.cli.program import ROOT

ARTICLE: Final = "The bridge was opened by the mayor on Sunday."
QUESTION: Final = "Who opened the bridge?"
NOT_FOR_ANSWERS: Final = {
    "PIL",
    "aiohttp",
    "alembic",
    "bm25s",
    "discord",
    "lxml",
    "matplotlib",
    "pandas",
    "pypdfium2",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "torch",
    "transformers",
}
NOT_FOR_HELP: Final = {"faiss", "numpy", "onnxruntime", "py3langid", "rich", "sqlalchemy"}

_WATCHED: Final = """
import json, sys
started = []
def watch(event, arguments):
    if event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
        started.append(event)
sys.addaudithook(watch)
from bot.cli import main
status = main(sys.argv[1:])
modules = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"status": status, "modules": modules, "started": started}), file=sys.stderr)
"""


def run(*arguments: str) -> tuple[str, set[str], list[str]]:
    """What the command line printed, which packages it loaded, which processes it started."""
    ended = subprocess.run(
        [sys.executable, "-c", _WATCHED, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    seen = json.loads(ended.stderr.splitlines()[-1])
    assert seen["status"] == 0
    return ended.stdout, set(seen["modules"]), seen["started"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options under which a collection was asked before."""
    articles = tmp_path_factory.mktemp("articles")
    (articles / "bridge.md").write_text(ARTICLE)
    data = tmp_path_factory.mktemp("data")
    options = ["--data-dir", str(data), "--corpus", str(articles)]
    _, _, started = run("ask", QUESTION, *options)
    assert started  # The process that reads the articles, which is seen if there is one.
    return options


def test_a_question_loads_only_what_answers_it(prepared: list[str]) -> None:
    answer, modules, _ = run("ask", QUESTION, *prepared)
    assert "opened by the mayor" in answer
    assert "onnxruntime" in modules
    assert not modules & NOT_FOR_ANSWERS


def test_a_question_starts_no_other_process(prepared: list[str]) -> None:
    _, _, started = run("ask", QUESTION, *prepared)
    assert not started


def test_help_loads_nothing_that_answers() -> None:
    text, modules, started = run("--help")
    assert "Answers questions" in text
    assert not modules & (NOT_FOR_ANSWERS | NOT_FOR_HELP)
    assert not started
