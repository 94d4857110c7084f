"""Small runs of ``tests.faults``, in processes of their own: they fork, which this one may not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="processes are forked as on Linux"
)
ROOT = Path(__file__).parents[3]


def test_a_process_that_is_killed_in_a_change_has_made_it_or_has_not() -> None:
    table = run("kill", runs=13)
    assert table["all"]["killed"] > 0


def test_a_full_disk_refuses_a_change_and_loses_nothing() -> None:
    table = run("full_disk", runs=8)
    assert table["all"]["refused"] > 0


def test_a_full_disk_is_survived_where_none_can_be_mounted() -> None:
    table = run("full_disk", runs=6, PATH="")
    assert table["all"]["refused"] > 0


def test_bytes_that_the_disk_has_changed_are_never_served() -> None:
    table = run("byte_flip", runs=10)
    assert table["all"]["mended"] > 0


def run(name: str, *, runs: int, **environment: str) -> dict[str, dict[str, int]]:
    """The table that a program prints, after it has found nothing violated."""
    options = ["--runs", str(runs), "--seed", "1", "--without-model"]
    done = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{name}", *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if line.endswith("violations"))
    columns = lines[head].split("  ")[-6:]
    return {
        line.split("  ")[0]: dict(zip(columns, map(int, line.split()[-6:]), strict=True))
        for line in lines[head + 1 :]
    }
