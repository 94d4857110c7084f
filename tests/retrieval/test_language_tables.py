from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.errors import DamagedError
from retrieval.language_tables import LanguageTables, write_tables

LABELS = ["en", "de", "sr", "sr"]
PRIORS = np.array([-1.5, -2.5, -3.5, -4.5], np.float32)
ROWS = [0, 1, 0]
FEATURES = [-1, 1, 0]
NEXT_STATES = [*range(256), *range(256, 0, -1)]
LIKELIHOODS = np.arange(8, dtype=np.float16).reshape(2, 4)

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of small tables."""
    path = tmp_path / "tables"
    write_tables(path, LABELS, PRIORS, ROWS, FEATURES, NEXT_STATES, LIKELIHOODS)
    return path


def everything(path: Path, *, checked: bool = False) -> tuple[object, ...]:
    """All that the tables hold."""
    tables = LanguageTables(path)
    try:
        if checked:
            tables.check()
        return (
            list(tables.labels),
            tables.priors.tolist(),
            list(tables.rows),
            list(tables.features),
            [tables.next_states[index] for index in range(len(NEXT_STATES))],
            tables.likelihoods[np.arange(len(LIKELIHOODS))].tolist(),
        )
    finally:
        tables.close()


def test_what_was_written_is_read(path: Path) -> None:
    written = (LABELS, PRIORS.tolist(), ROWS, FEATURES, NEXT_STATES, LIKELIHOODS.tolist())
    assert everything(path, checked=True) == written
    assert [file.name for file in path.parent.iterdir()] == ["tables"]


def test_lines_are_read_again_once_too_many_were_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.language_tables._KEPT_ROWS", 1)
    monkeypatch.setattr("retrieval.language_tables._KEPT_FEATURES", 1)
    tables = LanguageTables(path)
    for _ in range(3):
        assert [tables.next_states[index] for index in (1, 257, 2, 258)] == [1, 255, 2, 254]
        assert tables.likelihoods[np.array([1, 0, 1])].tolist() == [
            LIKELIHOODS[number].tolist() for number in (1, 0, 1)
        ]
    tables.close()


@in_one_folder
@given(st.data())
def test_no_byte_can_change_without_being_noticed(path: Path, data: st.DataObject) -> None:
    whole = path.read_bytes()
    # The last four bytes are for the check alone.
    checked = data.draw(st.booleans())
    place = data.draw(st.integers(0, len(whole) - (1 if checked else 5)))
    changed = bytes([whole[place] ^ data.draw(st.integers(1, 255))])
    path.write_bytes(whole[:place] + changed + whole[place + 1 :])
    try:
        with pytest.raises(DamagedError):
            everything(path, checked=checked)
    finally:
        path.write_bytes(whole)


@in_one_folder
@given(st.data())
def test_a_file_that_ends_early_or_late_is_refused(path: Path, data: st.DataObject) -> None:
    whole = path.read_bytes()
    length = data.draw(st.integers(0, len(whole) - 1))
    try:
        for other in (whole[:length], whole + whole[: length + 1]):
            path.write_bytes(other)
            with pytest.raises(DamagedError):
                LanguageTables(path)
    finally:
        path.write_bytes(whole)


def test_a_file_that_is_cut_off_while_it_is_read_is_noticed(path: Path) -> None:
    tables = LanguageTables(path)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DamagedError):
        tables.likelihoods[np.array([0, 1])]
    tables.close()


@in_one_folder
@given(st.binary(max_size=3000))
def test_any_other_content_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DamagedError):
        LanguageTables(path)


@pytest.mark.parametrize("place", [2 * 256, -1, 1 << 40])
def test_nothing_is_read_beyond_a_table(path: Path, place: int) -> None:
    tables = LanguageTables(path)
    with pytest.raises(DamagedError):
        tables.next_states[place]
    with pytest.raises(DamagedError):
        tables.likelihoods[np.array([place])]
    tables.close()
