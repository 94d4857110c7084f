"""A model as ONNX Runtime reads it: the files of an export, and whether they are still whole."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FORMAT: Final = 2
"""Changes with whatever changes the graph or the files."""

CANNOT: Final = 2
"""The exit status of ``exporting`` when it is the model's fault, however often it is tried."""
GRAPH: Final = "model.onnx"
WEIGHTS: Final = "model.onnx.data"
"""Beside the graph, so that they are mapped into memory: what is not used stays on the disk."""
TOKENIZER: Final = "tokenizer.json"
_MANIFEST: Final = "manifest.json"
_MADE_BY: Final = ("onnxruntime", "tokenizers")
"""Packages that are trusted with what the same version of them has written or was tried with."""


class DamagedExport(Exception):  # noqa: N818 - what happened to the files, not to the program
    """The files of an export are not there, not whole, or were made by another version."""


@dataclass(frozen=True, slots=True)
class Export:
    """What an export is besides its files.

    Attributes:
        window: Tokens that the model reads at once.
        prompts: What it wants before a text, by ``query`` and ``document``.
    """

    folder: Path
    window: int
    prompts: Mapping[str, str]


def write_manifest(export: Export, name: str) -> None:
    """Say beside the files what they are, so that ``read_export`` knows them again."""
    about: dict[str, Any] = {
        "format": FORMAT,
        "model": name,
        "window": export.window,
        "prompts": dict(export.prompts),
        "made_by": _versions(),
        "sha256": {file: _sha256(export.folder / file) for file in (GRAPH, WEIGHTS, TOKENIZER)},
    }
    text = json.dumps({"about": about, "sha256": _sha256_of(about)}, indent=1)
    (export.folder / _MANIFEST).write_text(text + "\n", "utf-8")


def read_export(folder: Path, name: str) -> Export:
    """The export of the model ``name`` in ``folder``, without a look at its weights.

    Raises:
        DamagedExport: It cannot be used.
    """
    about = _about(folder)
    if about["format"] != FORMAT or about["model"] != name or about["made_by"] != _versions():
        raise DamagedExport("It was made by another version.")
    for file in (GRAPH, TOKENIZER):
        _check(folder / file, about)
    return Export(folder, int(about["window"]), dict(about["prompts"]))


class WeightsCheck:
    """Compares the weights of an export with their checksum, beside whatever else is done."""

    def __init__(self, export: Export) -> None:
        self._folder = export.folder
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="weights-check", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for the outcome.

        Raises:
            DamagedExport: They are not those that were written.
        """
        self._thread.join()
        if self._failure is not None:
            raise DamagedExport(str(self._failure)) from self._failure

    def _run(self) -> None:
        try:
            _check(self._folder / WEIGHTS, _about(self._folder))
        except (DamagedExport, MemoryError) as failure:
            self._failure = failure


def _about(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
        about: dict[str, Any] = manifest["about"]
        expected = manifest["sha256"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedExport(f"The file {_MANIFEST} cannot be read.") from error
    if _sha256_of(about) != expected:
        raise DamagedExport(f"The file {_MANIFEST} is damaged.")
    return about


def _check(file: Path, about: Mapping[str, Any]) -> None:
    try:
        found = _sha256(file)
    except OSError as error:
        raise DamagedExport(f"The file {file.name} cannot be read.") from error
    if found != about["sha256"][file.name]:
        raise DamagedExport(f"The file {file.name} is damaged.")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sha256_of(about: object) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {package: version(package) for package in _MADE_BY}
