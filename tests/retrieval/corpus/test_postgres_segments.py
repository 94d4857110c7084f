"""The index of a collection on PostgreSQL: made in segments, kept a while, mended where damaged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retrieval.articles import Article
from retrieval.corpus import Corpora, compaction
from retrieval.corpus.encoding import encoded_passages
from retrieval.corpus.generation import Generation, Part
from retrieval.corpus.postgres_segments import PostgresSegments
from retrieval.corpus.segment import Segment
from retrieval.database.records import GenerationRecord
from retrieval.encoders.kept import form_of
from retrieval.errors import DamagedError
from retrieval.languages import Language
from retrieval.limits import Limits
from retrieval.preparation import prepare
from tests.faults.world import ReadsHere, question_about, text_of
from tests.retrieval.corpus.house import SERVER, shown, upload
from tests.retrieval.corpus.postgres_house import PostgresHouse
from tests.table_encoder import TableEncoder

PASSAGES = 3
"""Of each article."""
NAMES = [f"file-{number}" for number in range(8)]


@pytest.fixture(scope="module")
def table() -> TableEncoder:
    return TableEncoder()


@pytest.fixture
def house(
    tmp_path: Path, table: TableEncoder, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresHouse]:
    """With so many articles that they are no small collection."""
    monkeypatch.setattr(compaction, "SMALL", 4)
    made = PostgresHouse(tmp_path, table, ReadsHere(Limits()), postgres_url)
    made.write(**{name: text_of(name, 1) for name in NAMES})
    yield made
    made.close()


def generation(corpora: Corpora) -> Generation:
    found = corpora.shared.generation
    assert found is not None
    return found


def parts(corpora: Corpora) -> list[tuple[list[str], list[str]]]:
    """For each part what is left in it, and what is gone."""
    return [(list(part.ids()), sorted(part.gone)) for part in generation(corpora).parts]


def first(corpora: Corpora, name: str) -> str:
    return shown(corpora.ask(question_about(name)))[0].article.id


def age(house: PostgresHouse) -> None:
    """Let what was discarded have been so for long."""
    for table in ("segments", "generations"):
        earlier = "discarded - interval '11 minutes'"
        house.run("shared", f"UPDATE {table} SET discarded = {earlier}")  # noqa: S608


class TestChanging:
    def test_what_is_new_becomes_a_segment_and_the_old_one_stays(
        self, house: PostgresHouse
    ) -> None:
        corpora = house.opened()
        (before,) = generation(corpora).parts
        house.write(**{"file-9": text_of("file-9", 1)})
        assert corpora.shared.reload().encoded == PASSAGES
        assert parts(corpora) == [(NAMES, []), (["file-9"], [])]
        assert generation(corpora).parts[0].segment is before.segment
        assert first(corpora, "file-9") == "file-9"
        assert parts(house.opened()) == parts(corpora)

    def test_what_is_removed_is_marked_and_found_no_more(self, house: PostgresHouse) -> None:
        corpora = house.opened()
        corpora.shared.remove("file-3")
        assert parts(corpora) == [([name for name in NAMES if name != "file-3"], ["file-3"])]
        for each in (corpora, house.opened()):
            assert first(each, "file-3") != "file-3"
            assert "file-3" not in each.shared.articles
        corpora.shared.undo()
        assert first(corpora, "file-3") == "file-3"

    def test_what_changes_is_served_as_it_is_now(self, house: PostgresHouse) -> None:
        corpora = house.opened()
        house.write(**{"file-2": text_of("file-2", 2)})
        corpora.shared.reload()
        assert corpora.shared.articles["file-2"].text == text_of("file-2", 2)
        assert first(corpora, "file-2") == "file-2"


class TestDiscarding:
    def test_what_was_replaced_is_still_asked_for_a_while(self, house: PostgresHouse) -> None:
        here, there = house.opened(), house.opened()
        house.write(**{name: text_of(name, 2) for name in NAMES})
        there.shared.reload()
        assert house.kept("shared")["segments"] == 2
        # Nothing is at hand of it yet.
        assert first(here, "file-5") == "file-5"

    def test_then_it_is_deleted_with_all_its_rows(self, house: PostgresHouse) -> None:
        corpora = house.opened()
        before = house.kept("shared")
        house.write(**{name: text_of(name, 2) for name in NAMES})
        corpora.shared.reload()
        assert house.kept("shared")["segment_passages"] == 2 * before["segment_passages"]
        age(house)
        house.write(**{name: text_of(name, 3) for name in NAMES})
        corpora.shared.reload()
        age(house)
        corpora.shared.add(upload("last.md", "The last one."))
        kept = house.kept("shared")
        assert kept["segments"] == len(generation(corpora).parts)
        assert kept["segment_passages"] == before["segment_passages"] + 1
        assert kept["generations"] == 2, "the one before was replaced only now"

    def test_who_asks_for_it_all_the_same_is_answered_from_what_replaced_it(
        self, house: PostgresHouse, caplog: pytest.LogCaptureFixture
    ) -> None:
        there, here = house.opened(), house.opened()
        house.write(**{name: text_of(name, 2) for name in NAMES})
        there.shared.reload()
        age(house)
        there.shared.remove("file-0")
        assert house.kept("shared")["segments"] == 1
        assert first(here, "file-5") == "file-5"
        assert here.shared.digest == there.shared.digest
        assert here.shared.status().encoded_here == 0
        assert "damaged" in caplog.text

    def test_what_comes_back_meanwhile_is_used_again(self, house: PostgresHouse) -> None:
        corpora = house.opened()
        house.write(**{"file-2": text_of("file-2", 2)})
        corpora.shared.reload()
        house.write(**{"file-2": text_of("file-2", 1)})
        corpora.shared.reload()
        age(house)
        corpora.shared.remove("file-0")
        assert first(house.opened(), "file-2") == "file-2"

    def test_a_forgotten_collection_has_no_row_left(self, house: PostgresHouse) -> None:
        corpora = house.opened()
        corpora.server(SERVER).add(upload("own.md", "A server's own words."))
        assert house.kept(f"server-{SERVER}")["segments"] == 1
        corpora.forget(SERVER)
        assert house.kept(f"server-{SERVER}") == {}
        assert house.kept("shared")["segments"] == 1


FLIPPED = {
    "token_codes": "UPDATE segment_passages SET token_codes = set_byte(token_codes, 0, 7)",
    "token_ids": "UPDATE segment_passages SET token_ids = substr(token_ids, 5)",
    "sentences": "UPDATE segment_passages SET sentences = ''::bytea",
    "articles": "UPDATE segment_articles SET record = set_byte(record, 30, 1)",
    "missing passages": 'DELETE FROM segment_passages WHERE "row" > 1',
    "missing sentences": 'DELETE FROM segment_sentences WHERE "row" = 1',
    "missing articles": "DELETE FROM segment_articles",
    "all": "DELETE FROM segments",
}


class TestDamage:
    @pytest.mark.parametrize("what", FLIPPED)
    def test_the_question_is_answered_all_the_same_from_an_index_made_anew(
        self, house: PostgresHouse, what: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        expected = house.opened().ask(question_about("file-2"))
        corpora = house.opened()
        assert house.run("shared", FLIPPED[what]) > 0
        answer = corpora.ask(question_about("file-2"))
        assert "damaged" in caplog.text
        assert answer.passages == expected.passages
        assert shown(answer) == shown(expected)
        assert corpora.shared.status().encoded_here == 0
        caplog.clear()
        again = house.opened()
        assert first(again, "file-3") == "file-3"
        assert caplog.text == "", "it is whole now"

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE segments SET places = substr(places, 3)",
            "UPDATE segments SET articles = ''::bytea",
            "UPDATE segments SET passages = passages + 1",
            "UPDATE segments SET form = 'another'",
            "UPDATE segments SET vocabulary = ''::bytea",
            "UPDATE generations SET manifest = '{}'",
            "DELETE FROM segments",
        ],
    )
    def test_what_is_always_needed_is_made_anew_at_the_start(
        self, house: PostgresHouse, change: str
    ) -> None:
        house.opened()
        assert house.run("shared", change) > 0
        corpora = house.corpora()
        notices = corpora.open().notices
        assert any("damaged" in notice for notice in notices)
        assert first(corpora, "file-2") == "file-2"
        assert corpora.shared.status().encoded_here == 0

    def test_a_generation_that_is_missing_is_made_anew(self, house: PostgresHouse) -> None:
        house.opened()
        house.run("shared", "DELETE FROM generations")
        assert any("missing" in notice for notice in house.corpora().open().notices)

    def test_of_many_who_ask_at_once_one_mends_and_all_are_answered(
        self, house: PostgresHouse, caplog: pytest.LogCaptureFixture
    ) -> None:
        corpora = house.opened()
        house.run("shared", FLIPPED["token_codes"])
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(corpora.ask, map(question_about, NAMES)))
        assert [shown(answer)[0].article.id for answer in answers] == NAMES
        assert caplog.text.count("Stored index not used") == 1


class TestSegments:
    """The store by itself."""

    def test_any_text_and_any_id_comes_back_as_it_was(self, house: PostgresHouse) -> None:
        odd = "\ud800 and \x00, \ud83d\ude00 \U0001f600"
        articles = [
            (Article(f"{odd}-{number}", odd, f"{odd} number {number}."), Language("en"))
            for number in range(2)
        ]
        store = PostgresSegments(house.servers, "shared")
        segment = made(house, store, articles)
        for article, language in articles:
            assert segment.articles[article.id] == article
            assert segment.articles.language(article.id) == language
            assert segment.articles.digest(article.id) == article.digest
            assert segment.articles.length(article.id) == len(article.text)
        assert list(segment.articles) == [article.id for article, _ in articles]
        assert "unknown" not in segment.articles
        segment.check()
        part = Part(segment, frozenset({articles[0][0].id}))
        kept = Generation("d" * 64, house.clock(), house.encoder.name, [part], 0)
        store.keep(kept)
        record = GenerationRecord(kept.digest, kept.created, kept.model, 0)
        found = store.generation(record)
        assert found is not None
        assert list(found.articles) == [articles[1][0].id]

    def test_it_has_what_is_not_discarded(self, house: PostgresHouse) -> None:
        store = PostgresSegments(house.servers, "shared")
        made(house, store, [(Article("a", "A", "One."), Language("en"))])
        assert store.has("segment")
        assert not PostgresSegments(house.servers, "another").has("segment")
        store.discard_all_but(None)
        assert not store.has("segment")
        assert len(store.open("segment", trusting=False).engine) == 1
        with pytest.raises(DamagedError):
            PostgresSegments(house.servers, "another").open("segment")


def made(
    house: PostgresHouse, store: PostgresSegments, articles: list[tuple[Article, Language]]
) -> Segment:
    """A segment that was written and opened again."""
    prepared = [prepare(article) for article, _ in articles]
    passages = encoded_passages(prepared, house.encoder)
    store.write("segment", house.encoder.name, form_of(house.encoder), articles, passages, 3.0)
    return store.open("segment")
