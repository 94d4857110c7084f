"""A healthy installation, to be damaged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.doctor.configured import read_settings
from bot.doctor.finding import Finding
from bot.doctor.installation import Installation
from bot.store import ServerSettings, Store
from retrieval.answering import Answerer
from retrieval.corpus import Corpora, Upload
from retrieval.encoders import Encoder
from retrieval.sandbox import Sandbox
from tests.conftest import MODELS

SERVER = 5
BRIDGE = "The bridge was opened by the mayor on Sunday."


@dataclass(frozen=True)
class House:
    """An installation's folders."""

    data: Path
    articles: Path

    def environment(self, **more: str) -> dict[str, str]:
        """The variables that lead to it."""
        return {
            "FOOTNOTE_DATA_DIR": str(self.data),
            "FOOTNOTE_ARTICLES": str(self.articles),
            "FOOTNOTE_MODELS_DIR": str(MODELS),
            **more,
        }

    def installation(self, **more: str) -> Installation:
        settings, _ = read_settings(self.environment(**more), Path(os.devnull))
        return Installation(settings)

    def file(self, pattern: str) -> Path:
        """The one file in the data folder that a pattern is for."""
        (found,) = self.data.glob(pattern)
        return found


def store_in(folder: Path) -> Store:
    return Store(
        folder, keep_text=True, retention=timedelta(days=30), clock=lambda: datetime.now(UTC)
    )


@pytest.fixture(scope="session")
def pattern(encoder: Encoder, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house with articles, a server's collection, and what its managers have chosen."""
    root = tmp_path_factory.mktemp("healthy")
    articles = root / "articles"
    articles.mkdir()
    (articles / "bridge.md").write_text(BRIDGE)
    with Corpora(root / "data", Answerer(encoder), [articles], sandbox=sandbox) as corpora:
        corpora.open()
        corpora.server(SERVER).add(Upload("school.txt", b"The school was closed in June."))
    store = store_in(root / "data")
    store.save_settings(SERVER, ServerSettings())
    store.close()
    return root


@pytest.fixture
def house(pattern: Path, tmp_path: Path) -> House:
    """The same, for one test alone."""
    shutil.copytree(pattern, tmp_path / "house")
    return House(tmp_path / "house" / "data", tmp_path / "house" / "articles")


def flip(file: Path, place: int = -1) -> None:
    """Change a byte of a file: the middle one, unless it is said which."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2 if place < 0 else place] ^= 0x55
    file.write_bytes(content)


def only(findings: Sequence[Finding], *severities: str) -> Finding:
    """The one finding of some severities; all others must be as they should be."""
    (found,) = [one for one in findings if one.severity in (severities or ("warning", "error"))]
    return found


Contents = dict[str, bytes]


def contents(folder: Path) -> Contents:
    """Every file below a folder, with what it holds."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """The same with the times of change, and folders too: nothing came and went in between."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = content, path.stat().st_mtime_ns
    return found
