"""The processes that read documents, as their tests see them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from retrieval.errors import ArticleError
from retrieval.readers.documents import Document
from retrieval.sandbox import Sandbox


def refusal(sandbox: Sandbox, document: Document) -> str:
    with pytest.raises(ArticleError) as caught:
        sandbox.read(document, "a")
    assert caught.value.name == document.name
    return str(caught.value)


def children() -> set[int]:
    """The processes that read documents for this one."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = status.read_text().rpartition(")")[2].split()[1]
            command = status.with_name("cmdline").read_text()
        except OSError:
            continue
        if int(parent) == os.getpid() and "sandbox" in command:
            found.add(int(status.parent.name))
    return found


def wait_until_busy(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + 30
    while not sandbox._busy:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(process: int) -> bool:
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
