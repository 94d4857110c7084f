"""The servers of the tests leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import signal
import time
from tests.postgres.cluster import Cluster, Home

# What is started by a shell in the background ignores it, and so does what that starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
home = Home()
cluster = Cluster(home)
cluster.make()
if {crashes}:
    cluster.kill()
print(home.folder, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("crashes", [False, True])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_suite_that_is_ended_takes_its_servers_and_files_along(
    how: signal.Signals, crashes: bool
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(crashes=crashes)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as suite:
        assert suite.stdout is not None
        folder = Path(suite.stdout.readline().strip())
        assert (folder / "primary").is_dir()
        assert bool(servers_in(folder)) != crashes
        os.kill(suite.pid, how)
    deadline = time.monotonic() + 20
    while folder.exists() or servers_in(folder):
        assert time.monotonic() < deadline, "something is left"
        time.sleep(0.02)


def servers_in(folder: Path) -> list[str]:
    """The processes that have to do with a folder, other than those that clear it up."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in command and "postgres" in command.partition("\0")[0]:
            found.append(command)
    return found
