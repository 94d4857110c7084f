"""The export of a model: found in its folder, or made there once, by whichever process is first."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

import retrieval
from retrieval.durable import flush, write_durably
from retrieval.encoders.exports import CANNOT, FORMAT, GRAPH, DamagedExport, read_export
from retrieval.encoders.onnx_encoder import OnnxEncoder

log = logging.getLogger(__name__)

PROGRAM: Final = "retrieval.encoders.exporting"
_SECONDS: Final = 900.0
"""For an export, which takes some 20: then it is stuck."""
_TRIED_AGAIN_AFTER: Final = 24 * 60 * 60.0
"""Seconds until a model is tried again that could not be exported."""
_NOT_INHERITED: Final = ("DISCORD_TOKEN",)


class CannotPrepare(Exception):  # noqa: N818 - what happened to the model, not to the program
    """There is no export and none can be made: why, as a sentence without a full stop."""


class Preparation:
    """Makes the encoder that runs a model in ONNX Runtime.

    Args:
        model: As sentence-transformers knows it.
        name: As encodings are known by.
        folder: Where exports are kept, each in a folder of its own.
        announce: Called with a line of text when somebody has to wait.
    """

    def __init__(
        self, model: str, name: str, folder: Path, announce: Callable[[str], None] | None = None
    ) -> None:
        self._model = model
        self._name = name
        self._folder = folder
        self._key = _key(name, FORMAT)
        self._announce = announce or log.info
        self.place = folder / self._key
        """The folder of this model's export, whether it is there yet or not."""

    def encoder(self) -> OnnxEncoder:
        """The encoder, after the model was exported if it had to be.

        Raises:
            CannotPrepare: The model cannot be exported here.
        """
        with suppress(DamagedExport):
            return self._read()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / f".{self._key}.lock"):
                return self._made()
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or error
            raise CannotPrepare(f"{self._folder}: {reason}") from error

    def _made(self) -> OnnxEncoder:
        # Whoever held the lock before may have made it.
        try:
            return self._read()
        except DamagedExport as damage:
            if self.place.exists():
                log.warning("The export of the model %s is made again: %s", self._name, damage)
        self._check_earlier_failure()
        self._announce(f"Preparing the model {self._model}, once (less than a minute) ...")
        start = time.monotonic()
        for unfinished in self._folder.glob(f".{self._key}-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        temporary = self._folder / f".{self._key}-{uuid.uuid4().hex[:8]}"
        temporary.mkdir()
        try:
            self._export(temporary)
            self._publish(temporary)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        try:
            made = self._read()
        except DamagedExport as error:
            raise CannotPrepare(f"the export cannot be read back: {error}") from error
        log.info("The model is prepared, in %.0f seconds", time.monotonic() - start)
        return made

    def _read(self) -> OnnxEncoder:
        return OnnxEncoder(read_export(self.place, self._name), self._name)

    def _export(self, folder: Path) -> None:
        """Have another process write the export: what that loads would stay in this one."""
        # -P: the folder in which Footnote was started is no place to look for modules.
        command = [sys.executable, "-P", "-m", PROGRAM, self._model, str(folder.resolve())]
        last = ""
        with tempfile.TemporaryFile() as complaints:
            child = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=_environment(),
                encoding="utf-8",
                errors="replace",
            )
            limit = threading.Timer(_SECONDS, child.kill)
            limit.daemon = True
            limit.start()
            try:
                assert child.stdout is not None  # noqa: S101  # it is a pipe
                for line in child.stdout:
                    last = line.strip()
                    log.info("Preparing the model: %s", last)
                status = child.wait()
            finally:
                limit.cancel()
                child.kill()  # Whoever waits may have been interrupted.
                child.communicate()
            if status == 0:
                return
            complaints.seek(0)
            log.info("The export failed: %s", complaints.read()[-2000:].decode(errors="replace"))
        reason = last.rstrip(".") or "it ended without a word"
        if status == CANNOT:
            self._remember_failure(reason)
        elif status < 0:
            reason = f"it was ended by signal {-status}"
        raise CannotPrepare(f"the export failed: {reason}")

    def _publish(self, folder: Path) -> None:
        mode = (folder / GRAPH).stat().st_mode
        for file in folder.iterdir():
            # onnx leaves the weights to their owner alone; several people may share the folder.
            file.chmod(mode)
            flush(file)
        flush(folder)
        # Others may have the old files mapped into memory: they are replaced and not written to.
        aside = self._folder / f".{self._key}-{uuid.uuid4().hex[:8]}"
        with suppress(FileNotFoundError):
            self.place.rename(aside)
        folder.rename(self.place)
        flush(self._folder)
        shutil.rmtree(aside, ignore_errors=True)
        self._failure.unlink(missing_ok=True)
        for form in range(1, FORMAT):
            self._delete(_key(self._name, form))

    def _delete(self, earlier: str) -> None:
        """Delete what an earlier version has made of the same model, unless it is just making it.

        Each is as large as the model. Where that version is started again, it makes its own anew.
        """
        made = [self._folder / earlier, *self._folder.glob(f".{earlier}-*")]
        if not any(path.exists() for path in made):
            return
        with suppress(Timeout), FileLock(self._folder / f".{earlier}.lock", blocking=False):
            for path in made:
                shutil.rmtree(path, ignore_errors=True)

    @property
    def _failure(self) -> Path:
        return self._folder / f"{self._key}.failed.json"

    def _remember_failure(self, reason: str) -> None:
        with suppress(OSError):
            text = json.dumps({"model": self._name, "reason": reason, "versions": _versions()})
            write_durably(self._failure, text.encode())

    def _check_earlier_failure(self) -> None:
        try:
            failed = json.loads(self._failure.read_text("utf-8"))
            age = time.time() - self._failure.stat().st_mtime
            if failed["versions"] != _versions() or age > _TRIED_AGAIN_AFTER:
                return
            reason = str(failed["reason"])
        except (OSError, ValueError, TypeError, KeyError):
            return
        raise CannotPrepare(f"the export failed: {reason}")


def _key(name: str, form: int) -> str:
    return hashlib.sha256(f"{form}\n{name}".encode()).hexdigest()[:16]


def _versions() -> dict[str, str]:
    """What may have been at fault."""
    from importlib.metadata import version

    packages = ("onnxruntime", "onnxscript", "sentence-transformers", "torch", "transformers")
    return {package: version(package) for package in packages}


def _environment() -> dict[str, str]:
    root = str(Path(retrieval.__file__).resolve().parents[1])
    places = [root, *(place for place in sys.path if Path(place).is_absolute())]
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return inherited | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)),
        "PYTHONUTF8": "1",
    }
