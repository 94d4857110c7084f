"""What stays in large files is read when it is asked for, and checked before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.engines import Candidates, IndexedPassage
from retrieval.engines.embedded import CHECKED_ON_READING, EmbeddedEngine, columns, dense
from retrieval.engines.embedded.columns import LinesInFile, open_columns, save_columns
from retrieval.errors import DamagedError
from tests.retrieval.engines.passages import CODEC, DIMENSIONS, WORDS, passage, unit

PASSAGES = 300
ASKED = unit(np.random.default_rng(4), 12, DIMENSIONS)


@pytest.fixture(scope="module")
def passages() -> list[IndexedPassage]:
    rng = np.random.default_rng(3)
    return [
        passage(rng, rng.choice(WORDS, 3).tolist(), 1 + row % 3, f"article-{row}")
        for row in range(PASSAGES)
    ]


@pytest.fixture(scope="module", params=["clustered", "exact"])
def folder(
    request: pytest.FixtureRequest,
    passages: list[IndexedPassage],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """An index of which every file counts as large."""
    made = tmp_path_factory.mktemp("index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_MAPPED_FROM", 1)
        patch.setattr(columns, "_READ_IN_PARTS_FROM", 1)
        if request.param == "clustered":
            patch.setattr(dense, "EXACT_UP_TO", 100)
            patch.setattr(dense, "_CLUSTER", 20)
        EmbeddedEngine.write(iter(passages), made)
        assert (made / "clusters.faiss").exists() == (request.param == "clustered")
        yield made


def opened(folder: Path, *, trusted: bool) -> EmbeddedEngine:
    return EmbeddedEngine.open(folder, lambda _: CODEC, trusted=trusted)


def asked(engine: EmbeddedEngine) -> list[Candidates]:
    """What some questions find."""
    return [
        engine.candidates(vector, [word, WORDS[0]], 5)
        for vector, word in zip(ASKED, WORDS, strict=False)
    ]


def assert_same(found: list[Candidates], expected: list[Candidates]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_array_equal(one.dense, other.dense)
        np.testing.assert_array_equal(one.lexical, other.lexical)
        assert one.dense_mean == other.dense_mean


def test_read_in_parts_an_index_finds_the_same_as_in_memory(
    folder: Path, passages: list[IndexedPassage]
) -> None:
    expected = asked(EmbeddedEngine.build(passages, CODEC))
    for trusted in (True, False):
        engine = opened(folder, trusted=trusted)
        assert_same(asked(engine), expected)
        for row in range(0, PASSAGES, 17):
            kept = passages[row].encoding
            np.testing.assert_array_equal(engine.vectors(row), kept.vectors.astype(np.float32))
            np.testing.assert_array_equal(engine.tokens(row).ids, kept.token_ids)


@pytest.mark.parametrize("name", CHECKED_ON_READING)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_is_noticed_or_changes_no_answer(
    folder: Path, name: str, data: st.DataObject
) -> None:
    expected = asked(opened(folder, trusted=True))
    path = folder / name
    content = path.read_bytes()
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        path.write_bytes(changed)
        noticed = False
        try:
            assert_same(asked(opened(folder, trusted=False)), expected)
        except DamagedError:
            noticed = True
        if not noticed:
            with pytest.raises(DamagedError):
                _look_at_everything(opened(folder, trusted=False))
    finally:
        path.write_bytes(content)


def _look_at_everything(engine: EmbeddedEngine) -> None:
    engine.word_frequency(WORDS)
    for row in range(len(engine)):
        engine.tokens(row)
        engine.vectors(row)


@given(
    lines=st.integers(1, 40), first=st.integers(-50, 50), last=st.integers(-50, 50), step=st.just(3)
)
def test_lines_of_a_file_are_those_of_an_array(
    tmp_path_factory: pytest.TempPathFactory, lines: int, first: int, last: int, step: int
) -> None:
    folder = tmp_path_factory.mktemp("columns")
    whole = np.arange(lines * 6, dtype=np.int16).reshape(lines, 2, 3)
    save_columns({"pairs": whole}, folder)
    found = LinesInFile(folder / "pairs.bin", whole.dtype, (2, 3))
    assert (len(found), found.shape, found.dtype) == (lines, whole.shape, whole.dtype)
    np.testing.assert_array_equal(found[first:last], whole[first:last])
    np.testing.assert_array_equal(found[:], whole)
    np.testing.assert_array_equal(np.asarray(found), whole)
    if 0 <= first < min(last, lines):
        np.testing.assert_array_equal(found[first:last:step], whole[first:last:step])


def test_only_what_is_asked_for_so_is_read_in_parts_and_only_where_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_columns({name: np.zeros(100, dtype=np.int32) for name in ("one", "two")}, tmp_path)
    monkeypatch.setattr(columns, "_READ_IN_PARTS_FROM", 401)
    assert isinstance(open_columns(tmp_path, ["one"])["one"], np.ndarray)
    monkeypatch.setattr(columns, "_READ_IN_PARTS_FROM", 400)
    found = open_columns(tmp_path, ["one"])
    assert isinstance(found["one"], LinesInFile)
    assert isinstance(found["two"], np.ndarray)


def test_a_file_that_is_cut_while_it_is_open_is_noticed(tmp_path: Path) -> None:
    save_columns({"numbers": np.arange(10, dtype=np.int32)}, tmp_path)
    path = tmp_path / "numbers.bin"
    lines = LinesInFile(path, np.dtype("<i4"), ())
    path.write_bytes(path.read_bytes()[:18])
    np.testing.assert_array_equal(lines[:4], np.arange(4))
    with pytest.raises(DamagedError, match="cut"):
        lines[3:6]
    with pytest.raises(ValueError, match="size"):
        LinesInFile(path, np.dtype("<i4"), ())
