from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.sandbox import Sandbox
from tests.retrieval.corpus.house import BATTLE, OFFENSIVE, House, MakeHouse


@pytest.fixture
def make_house(
    tmp_path_factory: pytest.TempPathFactory,
    encoder: SentenceTransformerEncoder,
    sandbox: Sandbox,
) -> Iterator[MakeHouse]:
    made: list[House] = []

    def make() -> House:
        house = House(tmp_path_factory.mktemp("house"), encoder, sandbox)
        made.append(house)
        return house

    yield make
    for house in made:
        house.close()


@pytest.fixture
def house(tmp_path: Path, encoder: SentenceTransformerEncoder, sandbox: Sandbox) -> Iterator[House]:
    """With two articles in its folder."""
    made = House(tmp_path, encoder, sandbox)
    made.write(battle=BATTLE, offensive=OFFENSIVE)
    yield made
    made.close()
