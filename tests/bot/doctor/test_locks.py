from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.doctor.databases import check_articles
from bot.doctor.locks import check_locks
from tests.bot.cli.program import ROOT
from tests.bot.doctor.conftest import House, contents

HOLD_COLLECTION = """
from pathlib import Path
from retrieval.corpus.lock import held_by_one
with held_by_one(Path({folder!r})):
    print("held", flush=True)
    input()
"""
HOLD_DATABASE = """
from filelock import FileLock
with FileLock({folder!r} + "/.database.lock"):
    print("held", flush=True)
    input()
"""


@contextmanager
def held(program: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock, until the end of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", program.format(folder=str(folder))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_who_holds_a_collection_is_named_and_for_how_long(house: House) -> None:
    installation = house.installation()
    before = contents(house.data)
    with held(HOLD_COLLECTION, house.data / "collections" / "shared") as holder:
        (now,) = check_locks(installation)
        later = replace(installation, clock=lambda: datetime.now(UTC) + timedelta(hours=2))
        (long,) = check_locks(later)
    assert (now.severity, long.severity) == ("note", "warning")
    assert f"Process {holder.pid} " in now.message
    assert "'shared'" in now.message
    assert "Wait" in now.remedy
    assert f"end process {holder.pid}" in long.remedy
    # The holder was killed, and its note is there still: but nobody holds the lock.
    assert house.file("collections/shared/lock.json").exists()
    (after,) = check_locks(installation)
    assert after.severity == "ok"
    house.file("collections/shared/lock.json").unlink()
    assert contents(house.data) == before


def test_a_database_that_another_process_writes_is_not_compared_with_its_copy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.databases._WAIT", 0.05)
    house.file("mirror/*.db").unlink()
    with held(HOLD_DATABASE, house.data):
        (finding,) = check_articles(house.installation())
    assert finding.severity == "note"
    assert "another process" in finding.message
