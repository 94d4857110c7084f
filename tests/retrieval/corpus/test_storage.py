from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retrieval.corpus import storage as storing
from retrieval.corpus.storage import Storage, size_of
from retrieval.errors import DamagedError, StorageError


def writer(content: str) -> Callable[[Path], dict[str, Any]]:
    def write_files(folder: Path) -> dict[str, Any]:
        (folder / "data.bin").write_text(content * 100, "utf-8")
        (folder / "words").mkdir()
        (folder / "words" / "list.txt").write_text(content, "utf-8")
        return {"content": content, "größe": 1}

    return write_files


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "indexes")


def found(storage: Storage, name: str) -> str | None:
    opened = storage.open(name)
    if opened is None:
        return None
    folder, manifest = opened
    content = str(manifest["content"])
    assert (folder / "words" / "list.txt").read_text("utf-8") == content
    return content


def names(storage: Storage) -> set[str]:
    return {path.name for path in storage.folder.iterdir()}


def test_before_the_first_write_there_is_nothing(storage: Storage) -> None:
    assert storage.open("one") is None
    assert size_of(storage.folder) == 0
    storage.discard_all_but({"one"})


def test_indexes_are_kept_by_their_names_until_they_are_discarded(storage: Storage) -> None:
    for name in ("one", "two"):
        assert storage.write(name, writer(f"the {name}")) == storage.folder / name
    assert found(storage, "one") == "the one"
    storage.discard_all_but({"two"})
    assert (found(storage, "one"), found(storage, "two")) == (None, "the two")
    storage.discard_all_but(())
    assert names(storage) == set()


def test_one_of_the_same_name_takes_the_place_of_the_other(storage: Storage) -> None:
    for content in ("first", "second"):
        storage.write("one", writer(content))
        assert found(storage, "one") == content
    storage.discard_all_but({"one"})
    assert names(storage) == {"one"}


def test_another_process_finds_it(storage: Storage) -> None:
    storage.write("one", writer("first"))
    assert found(Storage(storage.folder), "one") == "first"


@pytest.mark.parametrize("step", range(1, 9))
def test_a_disk_that_fails_at_any_flush_leaves_the_others_and_nothing_half(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    storage.write("old", writer("old"))
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
        storage.write("new", writer("new"))
    except StorageError as error:
        failed = str(error)
    else:
        failed = ""
    monkeypatch.undo()
    assert found(storage, "old") == "old"
    if step <= calls:
        assert "No space left on device" in failed
        # The last flush comes after the renaming: it is there, and whole.
        assert found(storage, "new") == ("new" if step == calls == 6 else None)
        assert names(storage) <= {"old", "new"}
    else:
        assert (failed, found(storage, "new")) == ("", "new")
    storage.write("new", writer("newest"))
    assert found(storage, "new") == "newest"


@pytest.mark.parametrize("limit", [0, 200, 1000])
def test_a_real_limit_on_file_sizes_leaves_nothing_half(storage: Storage, limit: int) -> None:
    storage.write("old", writer("old"))
    script = f"""
import resource, sys
from pathlib import Path
from retrieval.corpus.storage import Storage, size_of
from retrieval.errors import StorageError
from tests.retrieval.corpus.test_storage import writer
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    Storage(Path(sys.argv[1])).write("new", writer("a new one, which is longer"))
except StorageError as error:
    print(error)
"""
    done = run_python(script, str(storage.folder))
    assert "cannot be written. The system says: File too large." in done.stdout
    assert found(storage, "old") == "old"
    assert names(storage) == {"old"}


@pytest.mark.parametrize("error", [OSError(28, "full"), RuntimeError("FileIOWriter: full")])
def test_a_writer_that_fails_leaves_nothing_behind(storage: Storage, error: Exception) -> None:
    storage.write("old", writer("old"))

    def failing(folder: Path) -> dict[str, Any]:
        (folder / "half").write_text("half")
        raise error

    with pytest.raises(StorageError, match="full"):
        storage.write("old", failing)
    assert found(storage, "old") == "old"
    assert names(storage) == {"old"}


def test_a_writer_that_is_interrupted_leaves_nothing_behind(storage: Storage) -> None:
    def interrupted(folder: Path) -> dict[str, Any]:
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        storage.write("new", interrupted)
    assert names(storage) == set()


def test_a_process_that_is_killed_while_writing_leaves_the_old_one_and_is_tidied_up(
    storage: Storage,
) -> None:
    storage.write("old", writer("old"))
    for call in (1, 5):  # a file, the folder before it is renamed
        script = f"""
import os, sys
from pathlib import Path
from retrieval.corpus.storage import Storage, size_of
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
Storage(Path(sys.argv[1])).write("new", writer("new"))
"""
        run_python(script, str(storage.folder), status=9)
        assert (found(storage, "old"), found(storage, "new")) == ("old", None)
    assert names(storage) > {"old"}
    storage.discard_all_but("old")
    assert names(storage) == {"old"}


def test_any_byte_that_flips_in_any_file_is_noticed(storage: Storage) -> None:
    folder = storage.write("one", writer("x"))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 3
    for path in files:
        content = path.read_bytes()
        for place in range(len(content)):
            for bit in (1, 16, 128):
                changed = bytearray(content)
                changed[place] ^= bit
                path.write_bytes(changed)
                with pytest.raises(DamagedError):
                    storage.open("one")
        for changed_length in (content[:-1], content + b"\n", b""):
            path.write_bytes(changed_length)
            with pytest.raises(DamagedError):
                storage.open("one")
        path.write_bytes(content)
        assert found(storage, "one") == "x"


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "data.bin").unlink(),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text("[" * 100_000),
        lambda folder: (folder / "manifest.json").write_text("{}"),
        lambda folder: (folder / "manifest.json").write_text("[]"),
    ],
)
def test_what_is_missing_or_nonsense_is_damage(
    storage: Storage, damage: Callable[[Path], object]
) -> None:
    damage(storage.write("one", writer("x")))
    with pytest.raises(DamagedError):
        storage.open("one")
    storage.write("one", writer("new"))
    assert found(storage, "one") == "new"


def test_a_large_file_that_is_checked_later_is_not_read_when_it_is_opened(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "_LARGE", 300)
    folder = storage.write("one", writer("abc"))
    later = ("data.bin", "words/list.txt", "no such file")

    def unchecked() -> list[str]:
        opened = storage.open("one", later)
        assert opened is not None
        assert opened[0] == folder
        found: list[str] = opened[1]["unchecked"]
        return found

    assert unchecked() == ["data.bin"], "the other one is small"
    (folder / "data.bin").write_text("abd" * 100, "utf-8")
    assert unchecked() == ["data.bin"]
    with pytest.raises(DamagedError, match=r"data\.bin of one was changed"):
        storage.open("one")
    for length in (299, 301):
        (folder / "data.bin").write_bytes(bytes(length))
        with pytest.raises(DamagedError, match=r"data\.bin of one was cut or has grown"):
            storage.open("one", later)
    (folder / "data.bin").unlink()
    with pytest.raises(DamagedError, match=r"data\.bin of one is missing"):
        storage.open("one", later)
    (folder / "data.bin").write_text("abc" * 100, "utf-8")
    (folder / "words" / "list.txt").write_text("abd", "utf-8")
    with pytest.raises(DamagedError, match=r"list\.txt of one was changed"):
        storage.open("one", later)


@pytest.mark.parametrize("folder", ["/proc/no-such-place/x", "/etc/passwd/x"])
def test_a_folder_that_cannot_be_made_is_named_with_a_remedy(folder: str) -> None:
    with pytest.raises(StorageError, match=r"cannot be written.*FOOTNOTE_DATA_DIR") as caught:
        Storage(Path(folder)).write("one", writer("x"))
    assert folder in str(caught.value)


def test_the_size_counts_every_file(storage: Storage) -> None:
    folder = storage.write("one", writer("abc"))
    files = [p for p in storage.folder.rglob("*") if p.is_file()]
    assert size_of(storage.folder) == sum(p.stat().st_size for p in files)
    assert size_of(storage.folder) > (folder / "data.bin").stat().st_size == 300


def test_a_file_that_goes_while_sizes_are_counted_does_not_matter(storage: Storage) -> None:
    folder = storage.write("one", writer("abc"))
    (folder / "gone").symlink_to("nowhere")
    assert size_of(storage.folder) >= 300


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
