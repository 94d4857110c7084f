"""Tokens that the disk has changed are noticed before anything is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.encoders.kept import KeptEncoding
from retrieval.engines import IndexedPassage
from retrieval.engines.embedded import CHECKED_ON_READING, EmbeddedEngine, columns
from retrieval.errors import DamagedError
from tests.retrieval.engines.passages import CODEC, DIMENSIONS, passage, unit

PASSAGES = 12
ROWS = range(PASSAGES)


@pytest.fixture(scope="module")
def passages() -> list[IndexedPassage]:
    rng = np.random.default_rng(3)
    return [passage(rng, ["a"], 1 + row % 3, f"article-{row}") for row in ROWS]


@pytest.fixture(scope="module", params=[1, 1 << 20], ids=["mapped", "read"])
def folder(
    request: pytest.FixtureRequest,
    passages: list[IndexedPassage],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """An index on the disk, whose files are mapped or read."""
    made = tmp_path_factory.mktemp("index")
    EmbeddedEngine.write(iter(passages), made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_MAPPED_FROM", request.param)
        yield made


def opened(folder: Path, *, trusted: bool) -> EmbeddedEngine:
    return EmbeddedEngine.open(folder, lambda _: CODEC, trusted=trusted)


ASKED = unit(np.random.default_rng(4), 3, DIMENSIONS)


@pytest.mark.parametrize("name", [name for name in CHECKED_ON_READING if "token" in name])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_passage_whose_tokens_were_changed_is_refused_and_the_others_are_as_they_were(
    folder: Path, passages: list[IndexedPassage], name: str, data: st.DataObject
) -> None:
    whole = [opened(folder, trusted=True).token_matches(ASKED, [row]).cosines for row in ROWS]
    path = folder / name
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(place + 1, min(place + 4, len(content))))
    mask = data.draw(st.binary(min_size=end - place, max_size=end - place).filter(any))
    changed = bytearray(content)
    for offset, bits in enumerate(mask):
        changed[place + offset] ^= bits
    width = len(content) // sum(len(item.encoding.codes) for item in passages)
    ends = np.cumsum([width * len(item.encoding.codes) for item in passages])
    harmed = {
        int(np.searchsorted(ends, place + offset, side="right"))
        for offset, bits in enumerate(mask)
        if bits
    }
    try:
        path.write_bytes(changed)
        engine = opened(folder, trusted=False)
        with pytest.raises(DamagedError):
            engine.token_matches(ASKED, list(ROWS))
        for row in ROWS:
            if row in harmed:
                for read in (engine.tokens, lambda row: engine.token_matches(ASKED, [row])):
                    with pytest.raises(DamagedError, match=f"passage {row} "):
                        read(row)
            else:
                np.testing.assert_array_equal(
                    engine.token_matches(ASKED, [row]).cosines, whole[row]
                )
                np.testing.assert_array_equal(
                    engine.tokens(row).ids, passages[row].encoding.token_ids
                )
    finally:
        path.write_bytes(content)


def test_an_index_that_is_trusted_is_not_checked(folder: Path) -> None:
    path = folder / "token_codes.bin"
    content = path.read_bytes()
    try:
        path.write_bytes(bytes(byte ^ 0xFF for byte in content))
        engine = opened(folder, trusted=True)
        assert engine.token_matches(ASKED, list(ROWS)).cosines.any()
    finally:
        path.write_bytes(content)


def test_an_index_that_is_whole_is_read_whether_it_is_trusted_or_not(folder: Path) -> None:
    trusted, checked = (opened(folder, trusted=each) for each in (True, False))
    rows = [3, 0, 3, *ROWS]
    np.testing.assert_array_equal(
        trusted.token_matches(ASKED, rows).cosines, checked.token_matches(ASKED, rows).cosines
    )


def test_passages_without_tokens_match_nothing_and_are_whole(tmp_path: Path) -> None:
    spoken = passage(np.random.default_rng(1), [], 2)
    encoding = KeptEncoding(
        vectors=spoken.encoding.vectors,
        counts=np.zeros(2, dtype=np.int32),
        token_ids=np.zeros(0, dtype=np.int32),
        codes=np.zeros((0, CODEC.width), dtype=np.uint8),
    )
    EmbeddedEngine.write([replace(spoken, encoding=encoding)], tmp_path)
    engine = opened(tmp_path, trusted=False)
    found = engine.token_matches(ASKED, [0, 0])
    assert found.cosines.shape == (3, 4)
    assert not found.cosines.any()
