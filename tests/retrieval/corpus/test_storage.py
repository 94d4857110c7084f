from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retrieval.corpus import storage as storage_module
from retrieval.corpus.storage import DamagedError, Storage
from retrieval.errors import StorageError


def writer(content: str) -> Callable[[Path], dict[str, Any]]:
    def write_files(folder: Path) -> dict[str, Any]:
        (folder / "data.bin").write_text(content * 100, "utf-8")
        (folder / "words").mkdir()
        (folder / "words" / "list.txt").write_text(content, "utf-8")
        return {"content": content, "größe": 1}

    return write_files


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "collection")


def served(storage: Storage) -> str | None:
    current = storage.current()
    if current is None:
        return None
    folder, manifest = current
    content = str(manifest["content"])
    assert (folder / "words" / "list.txt").read_text("utf-8") == content
    return content


def names(storage: Storage) -> set[str]:
    return {path.name for path in storage.folder.iterdir()} - {".lock", "CURRENT"}


def test_before_the_first_write_nothing_is_current(storage: Storage) -> None:
    assert storage.current() is None
    assert storage.bytes_on_disk() == 0


def test_what_was_written_is_current_and_replaces_what_was(storage: Storage) -> None:
    for content in ("first", "second"):
        folder = storage.write(writer(content))
        assert served(storage) == content
        assert names(storage) == {folder.name}


def test_another_process_finds_it(storage: Storage) -> None:
    storage.write(writer("first"))
    assert served(Storage(storage.folder)) == "first"


@pytest.mark.parametrize("step", range(1, 10))
def test_a_disk_that_fails_at_any_flush_leaves_a_whole_generation(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    storage.write(writer("old"))
    calls = 0
    fsync = os.fsync

    def failing(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    try:
        storage.write(writer("new"))
    except StorageError as error:
        failed = str(error)
    else:
        failed = ""
    monkeypatch.undo()
    if 1 <= step <= calls:
        assert "No space left on device" in failed
        # The last flush comes after the swap: the new one is current, and as whole.
        assert served(storage) == ("new" if step == 8 else "old")
        assert len(names(storage)) <= 2
    else:
        assert (failed, served(storage)) == ("", "new")
    storage.write(writer("newest"))
    assert served(storage) == "newest"
    assert len(names(storage)) == 1


@pytest.mark.parametrize("limit", [0, 200, 1000])
def test_a_real_limit_on_file_sizes_leaves_the_old_generation(storage: Storage, limit: int) -> None:
    storage.write(writer("old"))
    script = f"""
import resource, sys
from pathlib import Path
from retrieval.corpus.storage import Storage
from retrieval.errors import StorageError
from tests.retrieval.corpus.test_storage import writer
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    Storage(Path(sys.argv[1])).write(writer("a new one, which is longer"))
except StorageError as error:
    print(error)
"""
    done = run_python(script, str(storage.folder))
    assert "cannot be written. The system says: File too large." in done.stdout
    assert served(storage) == "old"
    assert len(names(storage)) == 1


@pytest.mark.parametrize("error", [OSError(28, "full"), RuntimeError("FileIOWriter: full")])
def test_a_writer_that_fails_leaves_nothing_behind(storage: Storage, error: Exception) -> None:
    storage.write(writer("old"))

    def failing(folder: Path) -> dict[str, Any]:
        (folder / "half").write_text("half")
        raise error

    with pytest.raises(StorageError, match="full"):
        storage.write(failing)
    assert served(storage) == "old"
    assert len(names(storage)) == 1


def test_a_writer_that_is_interrupted_leaves_nothing_behind(storage: Storage) -> None:
    def interrupted(folder: Path) -> dict[str, Any]:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        storage.write(interrupted)
    assert names(storage) == set()


def test_a_process_that_is_killed_while_writing_leaves_the_old_one_and_is_tidied_up(
    storage: Storage,
) -> None:
    old = storage.write(writer("old"))
    for call in (1, 6, 7):  # a file, the folder after the rename, the new CURRENT
        script = f"""
import os, sys
from pathlib import Path
from retrieval.corpus.storage import Storage
from tests.retrieval.corpus.test_storage import writer
calls = 0
fsync = os.fsync
def dying(descriptor):
    global calls
    calls += 1
    if calls == {call}:
        os._exit(9)
    fsync(descriptor)
os.fsync = dying
Storage(Path(sys.argv[1])).write(writer("new"))
"""
        run_python(script, str(storage.folder), status=9)
        assert served(storage) == "old"
    assert names(storage) > {old.name}
    newest = storage.write(writer("newest"))
    assert names(storage) == {newest.name}


def test_half_deleted_generations_are_deleted(storage: Storage) -> None:
    half = storage.write(writer("old"))
    (half / "manifest.json").unlink()
    kept = storage.folder / "added"
    kept.mkdir()
    newest = storage.write(writer("new"))
    assert names(storage) == {newest.name, "added"}


def test_any_byte_that_flips_in_any_file_is_noticed(storage: Storage) -> None:
    folder = storage.write(writer("x"))
    files = [storage.folder / "CURRENT", *(p for p in folder.rglob("*") if p.is_file())]
    assert len(files) == 4
    for path in files:
        content = path.read_bytes()
        for place in range(len(content)):
            for bit in (1, 16, 128):
                changed = bytearray(content)
                changed[place] ^= bit
                path.write_bytes(changed)
                with pytest.raises(DamagedError):
                    storage.current()
        for changed_length in (content[:-1], content + b"\n", b""):
            path.write_bytes(changed_length)
            with pytest.raises(DamagedError):
                storage.current()
        path.write_bytes(content)
        assert served(storage) == "x"


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "data.bin").unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: shutil.rmtree(folder),
        lambda folder: (folder / "manifest.json").write_text("[" * 100_000),
        lambda folder: (folder / "manifest.json").write_text("{}"),
        lambda folder: (folder.parent / "CURRENT").write_text("../elsewhere"),
        lambda folder: (folder.parent / "CURRENT").write_text("."),
        lambda folder: (folder.parent / "CURRENT").write_bytes(b"\xff\0"),
    ],
)
def test_what_is_missing_or_nonsense_is_damage(
    storage: Storage, damage: Callable[[Path], object]
) -> None:
    damage(storage.write(writer("x")))
    with pytest.raises(DamagedError):
        storage.current()
    storage.write(writer("new"))
    assert served(storage) == "new"


def test_a_reader_whose_generation_is_replaced_under_its_hands_takes_the_next(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.write(writer("old"))
    digest = storage_module._digest

    def meanwhile(path: Path) -> str:
        monkeypatch.undo()
        storage.write(writer("new"))
        return digest(path)

    monkeypatch.setattr(storage_module, "_digest", meanwhile)
    assert served(storage) == "new"


def test_two_processes_cannot_hold_the_lock(storage: Storage) -> None:
    script = """
import sys
from pathlib import Path
from retrieval.corpus.storage import Storage
from retrieval.errors import StorageError
try:
    with Storage(Path(sys.argv[1])).lock():
        print("held")
except StorageError as error:
    print(error)
"""
    with storage.lock():
        refused = run_python(script, str(storage.folder)).stdout
    assert refused.startswith("Another process is reloading these articles. Wait")
    assert run_python(script, str(storage.folder)).stdout == "held\n"


def test_a_process_that_dies_lets_go_of_the_lock(storage: Storage) -> None:
    script = """
import os, sys
from pathlib import Path
from retrieval.corpus.storage import Storage
with Storage(Path(sys.argv[1])).lock():
    os._exit(9)
"""
    run_python(script, str(storage.folder), status=9)
    with storage.lock():
        assert names(storage) == set()


def test_two_threads_of_one_process_cannot_hold_it_either(storage: Storage) -> None:
    with storage.lock(), pytest.raises(StorageError), Storage(storage.folder).lock():
        pass


@pytest.mark.parametrize("folder", ["/proc/no-such-place/x", "/etc/passwd/x"])
def test_a_folder_that_cannot_be_made_is_named_with_a_remedy(folder: str) -> None:
    for attempt in (lambda: Storage(Path(folder)).write(writer("x")), lambda: _lock(folder)):
        with pytest.raises(StorageError, match=r"cannot be written.*FOOTNOTE_DATA_DIR") as caught:
            attempt()
        assert folder in str(caught.value)


def test_the_size_counts_every_file(storage: Storage) -> None:
    folder = storage.write(writer("abc"))
    files = [p for p in storage.folder.rglob("*") if p.is_file()]
    assert storage.bytes_on_disk() == sum(p.stat().st_size for p in files)
    assert storage.bytes_on_disk() > (folder / "data.bin").stat().st_size == 300


def test_a_file_that_goes_while_sizes_are_counted_does_not_matter(storage: Storage) -> None:
    folder = storage.write(writer("abc"))
    (folder / "gone").symlink_to("nowhere")
    assert storage.bytes_on_disk() >= 300


def _lock(folder: str) -> None:
    with Storage(Path(folder)).lock():
        pass


def run_python(script: str, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == status, done.stderr
    return done
