"""Dependencies point one way: see ARCHITECTURE in the README."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAIRCASE = (
    ("phrases",),
    ("errors", "articles", "limits", "durable", "products", "stop_words"),
    ("language_tables",),
    ("language_scores",),
    ("languages",),
    ("segmentation", "analysis", "function_words", "questions", "cohesion", "spelling"),
    ("preparation", "duplicates", "expectations"),
    ("readers", "web"),
    ("sandbox",),
    ("encoders",),
    ("database", "postgres"),
    ("halves", "rerankers"),
    ("engines",),
    ("answers",),
    ("conversation",),
    ("search",),
    ("confidence",),
    ("answering",),
    ("summaries",),
    ("corpus",),
    ("evaluation",),
)
"""Each step may use its own and those above it."""

STEP = {room: number for number, rooms in enumerate(STAIRCASE) for room in rooms}
MODULES = sorted(p for room in ("bot", "retrieval") for p in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it and for whatever purpose."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [p for p in MODULES if name(p).startswith("retrieval/")], ids=name)
def test_retrieval_knows_neither_the_bot_nor_discord(path: Path) -> None:
    assert not packages(path) & {"bot", "discord", "click", "rich", "tests"}


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if not name(p).startswith(("bot/", "retrieval/web/"))],
    ids=name,
)
def test_only_the_web_goes_over_the_network(path: Path) -> None:
    assert not packages(path) & {"aiohttp", "httpx", "requests", "urllib3"}
    assert not {n for n in imports(path) if n.startswith(("urllib.request", "http.client"))}


@pytest.mark.parametrize("path", [p for p in MODULES if name(p).startswith("bot/")], ids=name)
def test_the_bot_knows_no_index_and_no_model(path: Path) -> None:
    models = {"torch", "sentence_transformers", "transformers", "tokenizers", "onnx", "onnxruntime"}
    assert not packages(path) & {"faiss", "bm25s", "tests", *models}
    assert not {n for n in imports(path) if n.startswith("retrieval.engines")}


@pytest.mark.parametrize(
    "path", [p for p in MODULES if "/".join(p.parts[-3:-1]).endswith("bot/cli")], ids=name
)
def test_the_command_line_is_the_bot_without_discord(path: Path) -> None:
    assert "discord" not in packages(path)


def own_room(path: Path) -> str:
    return path.relative_to(ROOT / "retrieval").parts[0].removesuffix(".py")


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "retrieval" and len(parts) > 1 else None


@pytest.mark.parametrize(
    "path",
    [p for p in MODULES if name(p).startswith("retrieval/")],
    ids=name,
)
def test_inside_retrieval_nobody_looks_down_the_staircase(path: Path) -> None:
    own = own_room(path)
    below = {
        module
        for module in imports(path)
        if (room := room_of(module)) in STEP and STEP[str(room)] > STEP.get(own, 0)
    }
    assert not below


def test_every_step_of_the_staircase_is_there_and_every_room_is_on_it() -> None:
    rooms = {own_room(p) for p in MODULES if name(p).startswith("retrieval/")}
    assert set(STEP) == rooms - {"__init__"}
