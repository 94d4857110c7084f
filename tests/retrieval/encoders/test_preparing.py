"""A model is exported once, checked at every start, and made again when it is damaged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from retrieval.encoders import Encoder, Encoding, exporting, packaged, preparing
from retrieval.encoders.exports import (
    CANNOT,
    FORMAT,
    GRAPH,
    TOKENIZER,
    WEIGHTS,
    DamagedExport,
    read_export,
    write_manifest,
)
from retrieval.encoders.onnx_encoder import OnnxEncoder
from retrieval.encoders.prepared import PreparedEncoder
from retrieval.encoders.preparing import Preparation
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from tests.retrieval.encoders import stand_in

ROOT = Path(__file__).parents[3]
QUESTION = "Who opened the bridge?"


class Exports:
    """How often a model was exported, and whether it can be."""

    def __init__(self, folder: Path, patched: pytest.MonkeyPatch) -> None:
        self._log = folder / "log"
        self._log.touch()
        self._patched = patched
        patched.setenv("STAND_IN_LOG", str(self._log))
        patched.setattr(preparing, "PROGRAM", stand_in.PROGRAM)

    @property
    def count(self) -> int:
        return len(self._log.read_text().splitlines())

    def fail(self, reason: str, status: int = CANNOT) -> None:
        self._patched.setenv("STAND_IN_FAILS", reason)
        self._patched.setenv("STAND_IN_STATUS", str(status))

    def succeed(self) -> None:
        self._patched.delenv("STAND_IN_FAILS")


@pytest.fixture
def exports(encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exports:
    encoder.encode_question("Exported by now.")
    return Exports(tmp_path, monkeypatch)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def make(models: Path, said: list[str] | None = None) -> PreparedEncoder:
    original = SentenceTransformerEncoder()
    return PreparedEncoder(original, models, said.append if said is not None else None)


def place_of(models: Path) -> Path:
    encoder = make(models)
    return Preparation(packaged.NAME, encoder.name, models).place


def test_it_is_exported_once_and_whoever_waits_is_told(exports: Exports, models: Path) -> None:
    said: list[str] = []
    first = make(models, said).encode_question(QUESTION)
    second = make(models, said).encode_question(QUESTION)
    assert exports.count == 1
    assert len(said) == 1
    assert "Preparing the model all-MiniLM-L6-v2, once" in said[0]
    assert np.array_equal(first.vector, second.vector)
    assert [path.name for path in models.iterdir() if path.suffix != ".lock"] == [
        place_of(models).name
    ]


def test_whoever_may_read_one_of_its_files_may_read_all(exports: Exports, models: Path) -> None:
    make(models).encode_question(QUESTION)
    assert exports.count == 1
    assert len({file.stat().st_mode for file in place_of(models).iterdir()}) == 1


@pytest.mark.parametrize("file", [GRAPH, WEIGHTS, TOKENIZER, "manifest.json"])
def test_a_flipped_bit_leads_to_another_export(
    exports: Exports, models: Path, encoder: Encoder, file: str
) -> None:
    make(models).load()
    damaged = place_of(models) / file
    stat = damaged.stat()
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    assert damaged.stat().st_size == stat.st_size
    found = make(models).encode_question(QUESTION)
    assert exports.count == 2
    assert np.array_equal(found.vector, encoder.encode_question(QUESTION).vector)


@pytest.mark.parametrize("file", [GRAPH, WEIGHTS, TOKENIZER, "manifest.json"])
def test_so_does_a_file_that_is_missing_or_cut(exports: Exports, models: Path, file: str) -> None:
    make(models).load()
    damaged = place_of(models) / file
    damaged.write_bytes(damaged.read_bytes()[:-100])
    make(models).load()
    damaged.unlink()
    assert make(models).load().runtime.startswith("ONNX Runtime")
    assert exports.count == 3


def test_so_does_another_version_of_the_runtime(
    exports: Exports, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(models).load()
    with monkeypatch.context() as patched:
        patched.setattr("importlib.metadata.version", lambda package: "0.1")
        exports.fail("no matter")
        with pytest.raises(preparing.CannotPrepare):
            Preparation(packaged.NAME, make(models).name, models).encoder()
    assert exports.count == 2


def test_an_export_that_was_broken_off_is_not_taken_for_one(exports: Exports, models: Path) -> None:
    place = place_of(models)
    unfinished = models / f".{place.name}-1234abcd"
    unfinished.mkdir(parents=True)
    (unfinished / GRAPH).write_bytes(b"half")
    make(models).load()
    assert exports.count == 1
    assert not unfinished.exists()


@pytest.fixture
def earlier(models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an earlier version has left what it made of the same model."""
    with monkeypatch.context() as patched:
        patched.setattr(preparing, "FORMAT", FORMAT - 1)
        place = place_of(models)
    place.mkdir(parents=True)
    return place


def test_what_an_earlier_version_has_left_of_the_model_is_deleted_and_nothing_else(
    exports: Exports, models: Path, earlier: Path
) -> None:
    unfinished = models / f".{earlier.name}-01234567"
    unfinished.mkdir()
    other = Preparation("another", "another", models).place
    other.mkdir()
    make(models).load()
    assert exports.count == 1
    assert not earlier.exists()
    assert not unfinished.exists()
    assert other.exists()


def test_it_is_left_while_the_earlier_version_is_at_work(
    exports: Exports, models: Path, earlier: Path
) -> None:
    with FileLock(models / f".{earlier.name}.lock"):
        make(models).load()
    assert exports.count == 1
    assert earlier.exists()


def test_two_processes_that_start_together_export_once(
    exports: Exports, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
import sys
from pathlib import Path
from retrieval.encoders import preparing
from retrieval.encoders.prepared import PreparedEncoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
preparing.PROGRAM = sys.argv[2]
print("starting", flush=True)
print(PreparedEncoder(SentenceTransformerEncoder(), Path(sys.argv[1])).load().runtime)
"""
    go = tmp_path / "go"
    monkeypatch.setenv("STAND_IN_WAITS", str(go))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(models), stand_in.PROGRAM],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "starting\n"
    go.touch()
    said = [process.communicate()[0] for process in processes]
    assert all(line.startswith("ONNX Runtime") for line in said), said
    assert exports.count == 1


class TestWithoutAnExport:
    @pytest.fixture
    def failing(
        self, exports: Exports, original: SentenceTransformerEncoder, models: Path
    ) -> PreparedEncoder:
        exports.fail("An operator is not supported.")
        return PreparedEncoder(original, models)

    def test_the_model_runs_as_it_is_and_the_reason_is_told(
        self,
        failing: PreparedEncoder,
        original: SentenceTransformerEncoder,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        assert failing.runtime == ""
        found = failing.encode_question(QUESTION)
        assert np.array_equal(found.vector, original.encode_question(QUESTION).vector)
        assert failing.runtime == (
            "sentence-transformers (the export failed: An operator is not supported)"
        )
        assert "An operator is not supported" in caplog.text

    def test_it_is_not_tried_at_every_start(
        self, failing: PreparedEncoder, exports: Exports, models: Path
    ) -> None:
        failing.load()
        exports.succeed()
        again = PreparedEncoder(failing.load(), models)  # type: ignore[arg-type]
        again.load()
        assert again.runtime == failing.runtime
        assert exports.count == 1

    def test_it_is_tried_again_after_a_while(
        self, failing: PreparedEncoder, exports: Exports, models: Path
    ) -> None:
        failing.load()
        exports.succeed()
        (noted,) = models.glob("*.failed.json")
        os.utime(noted, (0, 0))
        assert make(models).load().runtime.startswith("ONNX Runtime")
        assert not noted.exists()

    def test_an_export_that_was_killed_is_tried_at_the_next_start(
        self, exports: Exports, original: SentenceTransformerEncoder, models: Path
    ) -> None:
        exports.fail("It was going well", status=1)
        PreparedEncoder(original, models).load()
        exports.succeed()
        assert make(models).load().runtime.startswith("ONNX Runtime")

    def test_a_folder_that_cannot_be_made_is_named(
        self, exports: Exports, original: SentenceTransformerEncoder
    ) -> None:
        encoder = PreparedEncoder(original, Path("/proc/no-such-place/models"))
        encoder.load()
        assert "/proc/no-such-place/models" in encoder.runtime
        assert exports.count == 0


class TestComparing:
    @pytest.fixture
    def made(self, encoder: Encoder) -> Encoding:
        return encoder.encode_question(QUESTION)

    def test_the_same_vectors_pass(self, made: Encoding) -> None:
        exporting._compare(QUESTION, made, made)

    def test_another_vector_does_not(self, made: Encoding) -> None:
        other = replace(made, vector=np.roll(made.vector, 1))
        with pytest.raises(ValueError, match="vectors differ for 'Who opened"):
            exporting._compare(QUESTION, made, other)

    def test_neither_does_one_other_token(self, made: Encoding) -> None:
        vectors = made.tokens.vectors.copy()
        vectors[2] = vectors[1]
        other = replace(made, tokens=replace(made.tokens, vectors=vectors))
        with pytest.raises(ValueError, match="vectors differ"):
            exporting._compare(QUESTION, made, other)

    def test_nor_one_other_place(self, made: Encoding) -> None:
        with pytest.raises(ValueError, match="tokens differ"):
            exporting._compare(QUESTION, made, replace(made, spans=made.spans + 1))

    def test_nor_a_vector_of_no_numbers(self, made: Encoding) -> None:
        with pytest.raises(ValueError, match="cosine of nan"):
            exporting._compare(QUESTION, made, replace(made, vector=made.vector * np.nan))


def test_a_model_that_is_not_there_is_no_failed_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = exporting.main("/no/such/folder", tmp_path)
    assert status not in (0, CANNOT)
    assert "cannot be loaded" in capsys.readouterr().out


def test_files_that_are_whole_but_no_model_are_refused(
    exports: Exports, models: Path, tmp_path: Path
) -> None:
    """As when two versions of the runtime understand a file differently."""
    name = make(models).name
    copied = tmp_path / "copied"
    shutil.copytree(stand_in.exported(), copied)
    (copied / GRAPH).write_bytes(b"\x08\x0a")
    export = read_export(stand_in.exported(), name)
    write_manifest(replace(export, folder=copied), name)
    with pytest.raises(DamagedExport, match="cannot be loaded"):
        OnnxEncoder(read_export(copied, name), name)
