"""Stands in for ``retrieval.encoders.exporting``, which takes 20 seconds: copies what that made.

    python -m tests.retrieval.encoders.stand_in MODEL FOLDER

``STAND_IN_LOG``: a file that gets a line at each start. ``STAND_IN_WAITS``: a file that must be
there before it goes on. ``STAND_IN_FAILS``: says why it cannot be done. ``STAND_IN_STATUS``: the
exit status then.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from retrieval.encoders.packaged import NAME, WEIGHTS_SHA256
from retrieval.encoders.preparing import Preparation

PROGRAM = "tests.retrieval.encoders.stand_in"


def exported() -> Path:
    """The folder of the packaged model's export."""
    models = Path(os.environ["FOOTNOTE_MODELS_DIR"])
    return Preparation(NAME, f"{NAME}@{WEIGHTS_SHA256[:12]}", models).place


def main(folder: Path) -> None:
    with Path(os.environ["STAND_IN_LOG"]).open("a") as log:
        log.write("started\n")
    if "STAND_IN_WAITS" in os.environ:
        while not Path(os.environ["STAND_IN_WAITS"]).exists():
            time.sleep(0.01)
    if "STAND_IN_FAILS" in os.environ:
        print(os.environ["STAND_IN_FAILS"], flush=True)
        sys.exit(int(os.environ["STAND_IN_STATUS"]))
    shutil.copytree(exported(), folder, dirs_exist_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[2]))
