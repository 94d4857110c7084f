"""What is written durably is there as a whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retrieval.durable import write_durably


def test_a_text_is_replaced_whole_and_without_leftovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list.json"
    write_durably(path, b"old")

    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output"):
        write_durably(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
