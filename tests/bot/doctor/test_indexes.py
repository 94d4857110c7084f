from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bot.doctor import Finding
from bot.doctor.indexes import check_indexes
from retrieval.corpus.embedded_backend import EmbeddedBackend
from retrieval.corpus.migrating import index_anew, migrate
from retrieval.corpus.postgres_backend import PostgresBackend
from retrieval.corpus.storage import _sealed
from retrieval.encoders import Encoder
from retrieval.postgres.servers import Servers
from tests.bot.doctor.conftest import SERVER, House, flip, only, state


def test_whole_indexes_are_all_right_and_stay_as_they_are(house: House) -> None:
    before = state(house.data)
    found = list(check_indexes(house.installation()))
    assert [one.severity for one in found] == ["ok", "ok"]
    assert {f"'server-{SERVER}'", "'shared'"} == {one.message.split()[3] for one in found}
    assert state(house.data) == before


def test_every_file_of_an_index_that_is_damaged_is_noticed(house: House) -> None:
    folder = house.data / "collections" / "shared" / "indexes"
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 5
    for file in files:
        kept = file.read_bytes()
        if not kept:
            continue
        flip(file)
        finding = only(list(check_indexes(house.installation())))
        assert (finding.name, finding.severity) == ("index", "warning")
        assert "'shared'" in finding.message
        assert "made again" in finding.remedy
        file.write_bytes(kept)


def test_large_files_are_read_whole_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # With this every file counts as one that is otherwise checked part by part, when it is read.
    monkeypatch.setattr("retrieval.corpus.storage._LARGE", 0)
    flipped = 0
    for file in house.data.glob("collections/shared/indexes/segment-*/**/*.bin"):
        if file.stat().st_size:
            flip(file)
            assert only(list(check_indexes(house.installation()))).name == "index"
            flip(file)
            flipped += 1
    assert flipped


def test_an_index_that_is_gone_is_missed(house: House) -> None:
    for path in (house.data / "collections" / "shared" / "indexes").iterdir():
        path.rename(house.data / path.name)
    assert "it is missing" in only(list(check_indexes(house.installation()))).message


def test_an_index_of_another_version_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.corpus.generation.FORMAT", 1000)
    found = list(check_indexes(house.installation()))
    assert [one.severity for one in found] == ["warning", "warning"]
    assert "another version" in found[0].message


def test_an_index_whose_list_of_files_has_another_form_is_named(house: House) -> None:
    file = next(house.data.glob("collections/shared/indexes/segment-*/manifest.json"))
    manifest = json.loads(file.read_bytes())
    del manifest["seal"]
    manifest["files"] = {name: checksum for name, (_, checksum) in manifest["files"].items()}
    file.write_bytes(_sealed(manifest))
    finding = only(list(check_indexes(house.installation())))
    assert "manifest" in finding.message
    assert "made again" in finding.remedy


def test_an_index_of_another_model_is_made_anew_later(house: House) -> None:
    found = list(check_indexes(house.installation(MODEL="another/model")))
    assert [one.severity for one in found] == ["note", "note"]
    assert "another/model" in found[0].message


def test_without_a_database_there_is_no_index_to_be_missed(tmp_path: Path) -> None:
    house = House(tmp_path / "data", tmp_path)
    assert [one.severity for one in check_indexes(house.installation())] == ["ok"]
    assert not house.data.exists()


def test_with_a_damaged_database_it_is_said_that_nothing_was_checked(house: House) -> None:
    flip(house.data / "footnote.db", 3)
    (finding,) = check_indexes(house.installation())
    assert finding.severity == "note"
    assert "Not checked" in finding.message


class TestInPostgres:
    @pytest.fixture
    def url(self, house: House, encoder: Encoder, postgres_url: str) -> str:
        """Of a database that has the same collections."""
        with (
            closing(EmbeddedBackend(house.data)) as here,
            closing(PostgresBackend(Servers(postgres_url), house.data)) as there,
        ):
            for name in migrate(here, there, replace=False).collections:
                index_anew(there, name, encoder)
        return postgres_url

    def found(self, house: House, url: str) -> list[Finding]:
        return list(check_indexes(house.installation(FOOTNOTE_DATABASE_URL=url)))

    def run(self, url: str, statement: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SELECT set_config('footnote.collection', 'shared', true)")
            assert connection.execute(statement).rowcount

    def test_whole_indexes_are_all_right(self, house: House, url: str) -> None:
        found = self.found(house, url)
        assert [one.severity for one in found] == ["ok", "ok"]
        assert {f"'server-{SERVER}'", "'shared'"} == {one.message.split()[3] for one in found}

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE segment_passages SET token_codes = set_byte(token_codes, 0,"
            " 255 - get_byte(token_codes, 0))",
            "UPDATE segment_articles SET record = set_byte(record, 9, 255 - get_byte(record, 9))",
            "DELETE FROM segment_sentences",
            "DELETE FROM generations",
            "DELETE FROM segments",
        ],
    )
    def test_a_damaged_or_missing_one_is_named(self, house: House, url: str, damage: str) -> None:
        self.run(url, damage)
        finding = only(self.found(house, url))
        assert finding.severity == "warning"
        assert "'shared' cannot be used" in finding.message
        assert "made again" in finding.remedy

    def test_without_a_server_it_is_said_that_nothing_was_checked(
        self, house: House, postgres_url: str
    ) -> None:
        (finding,) = self.found(house, f"{postgres_url}x")
        assert (finding.severity, finding.message[:11]) == ("note", "Not checked")
