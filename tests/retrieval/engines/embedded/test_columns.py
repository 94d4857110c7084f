"""Columns: what is appended part by part comes back whole, wherever it was gathered."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from retrieval.engines.embedded import columns
from retrieval.engines.embedded.columns import (
    Array,
    ColumnsInFiles,
    ColumnsInMemory,
    open_columns,
    save_columns,
)

Parts = dict[str, list[Array]]


@st.composite
def columns_in_parts(draw: st.DrawFn) -> Parts:
    """Some columns, each of a kind and a width of its own, in parts that may be empty."""
    names = draw(st.sets(st.sampled_from(["rows", "vectors", "words"]), min_size=1))
    found: Parts = {}
    for name in sorted(names):
        kind = draw(st.sampled_from(["u1", "<i4", "<i8", "<f2", "<f4", "<u4"]))
        width = draw(st.sampled_from([(), (1,), (3,), (2, 2)]))
        sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
        found[name] = [draw(arrays.arrays(kind, (size, *width))) for size in sizes]
    return found


def assert_same(found: Array, parts: list[Array]) -> None:
    expected = np.concatenate(parts)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("mapped_from", [1, 1 << 20], ids=["mapped", "read"])
@settings(max_examples=40)
@given(parts=columns_in_parts())
def test_parts_come_back_as_one_in_their_order(mapped_from: int, parts: Parts) -> None:
    memory = ColumnsInMemory()
    with (
        TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        ColumnsInFiles(Path(folder)) as files,
    ):
        patch.setattr(columns, "_MAPPED_FROM", mapped_from)
        for gathered in (memory, files):
            for name, some in parts.items():
                for part in some:
                    gathered.append(name, part)
        for found in (memory.finish(), files.finish(), open_columns(Path(folder))):
            assert found.keys() == parts.keys()
            for name, some in parts.items():
                assert_same(found[name], some)


def test_a_large_column_stays_on_the_disk_and_a_small_one_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_MAPPED_FROM", 400)
    written = {"large": np.arange(100, dtype=np.int32), "small": np.arange(99, dtype=np.int32)}
    save_columns(written, tmp_path)
    found = open_columns(tmp_path)
    for name, values in written.items():
        np.testing.assert_array_equal(found[name], values)
        assert not found[name].flags.writeable
    with (tmp_path / "large.bin").open("r+b") as file:
        file.write(b"\x07")
    with (tmp_path / "small.bin").open("r+b") as file:
        file.write(b"\x07")
    assert (found["large"][0], found["small"][0]) == (7, 0)


def test_numbers_are_written_with_their_lowest_byte_first_whatever_the_machine_prefers(
    tmp_path: Path,
) -> None:
    save_columns({"numbers": np.array([1, 258], dtype=">i4")}, tmp_path)
    assert (tmp_path / "numbers.bin").read_bytes() == bytes([1, 0, 0, 0, 2, 1, 0, 0])
    assert open_columns(tmp_path)["numbers"].tolist() == [1, 258]


def test_lines_of_another_width_are_refused(tmp_path: Path) -> None:
    with ColumnsInFiles(tmp_path) as files:
        files.append("pairs", np.zeros((2, 2), dtype=np.int32))
        for wrong in (np.zeros((2, 3), dtype=np.int32), np.zeros(4, dtype=np.int32)):
            with pytest.raises(ValueError, match="column pairs has lines of shape"):
                files.append("pairs", wrong)


def test_what_is_not_finished_cannot_be_opened(tmp_path: Path) -> None:
    with ColumnsInFiles(tmp_path) as files:
        files.append("numbers", np.zeros(3))
    with pytest.raises(OSError, match=r"columns\.json"):
        open_columns(tmp_path)


@pytest.mark.parametrize("mapped_from", [1, 1 << 20], ids=["mapped", "read"])
def test_a_file_that_ends_within_a_line_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapped_from: int
) -> None:
    monkeypatch.setattr(columns, "_MAPPED_FROM", mapped_from)
    save_columns({"pairs": np.arange(8, dtype=np.int32).reshape(4, 2)}, tmp_path)
    path = tmp_path / "pairs.bin"
    whole = path.read_bytes()
    for length in (len(whole) - 1, len(whole) - 4):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="size"):
            open_columns(tmp_path)
    path.unlink()
    with pytest.raises(OSError, match=r"pairs\.bin"):
        open_columns(tmp_path)
