"""A collection in segments: a change indexes what is new, and what is there stays."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from retrieval.answers import Answer
from retrieval.corpus import Corpora, compaction, storage
from retrieval.corpus.generation import Generation
from retrieval.corpus.indexing import Indexer
from retrieval.engines.embedded import columns
from retrieval.errors import StorageError
from retrieval.limits import Limits
from tests.faults.leftovers import leftovers
from tests.faults.world import ReadsHere, question_about, text_of
from tests.retrieval.corpus.house import House, shown
from tests.table_encoder import TableEncoder

PASSAGES = 3
"""Of each article."""
NAMES = [f"file-{number}" for number in range(8)]


@pytest.fixture(scope="module")
def table() -> TableEncoder:
    return TableEncoder()


@pytest.fixture
def house(tmp_path: Path, table: TableEncoder, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """With so many articles that they are no small collection."""
    monkeypatch.setattr(compaction, "SMALL", 4)
    made = House(tmp_path, table, ReadsHere(Limits()))
    made.write(**{name: text_of(name, 1) for name in NAMES})
    yield made
    made.close()


def parts(corpora: Corpora) -> list[tuple[list[str], list[str]]]:
    """For each part what is left in it, and what is gone."""
    return [(list(part.ids()), sorted(part.gone)) for part in generation(corpora).parts]


def generation(corpora: Corpora) -> Generation:
    found = corpora.shared.generation
    assert found is not None
    return found


def files(house: House) -> dict[str, tuple[int, int]]:
    """Every file of an index, with what tells whether it was written again."""
    indexes = house.data / "collections" / "shared" / "indexes"
    return {
        path.relative_to(indexes).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in indexes.rglob("*")
        if path.is_file()
    }


def segments(house: House) -> dict[str, tuple[int, int]]:
    return {name: when for name, when in files(house).items() if name.startswith("segment-")}


def first(answer: Answer) -> str:
    return shown(answer)[0].article.id


class TestChanging:
    def test_what_is_new_becomes_a_segment_and_the_old_one_is_not_written_again(
        self, house: House
    ) -> None:
        corpora = house.opened()
        assert parts(corpora) == [(NAMES, [])]
        before = segments(house)
        house.write(**{"file-9": text_of("file-9", 1)})
        report = corpora.shared.reload()
        assert report.encoded == PASSAGES
        assert parts(corpora) == [(NAMES, []), (["file-9"], [])]
        after = segments(house)
        assert before.items() < after.items()
        assert len({name.split("/")[0] for name in after}) == 2
        assert first(corpora.ask(question_about("file-9"))) == "file-9"
        assert first(corpora.ask(question_about("file-2"))) == "file-2"

    def test_what_is_removed_is_marked_and_found_no_more(self, house: House) -> None:
        corpora = house.opened()
        before = segments(house)
        (house.articles / "file-3.md").unlink()
        report = corpora.shared.reload()
        assert report.encoded == 0
        assert parts(corpora) == [([name for name in NAMES if name != "file-3"], ["file-3"])]
        assert segments(house) == before
        answer = corpora.ask(question_about("file-3"), top=100)
        assert "file-3" not in {ranked.passage.article for ranked in answer.passages}
        assert len(answer.passages) == PASSAGES * (len(NAMES) - 1)
        assert "file-3" not in corpora.articles()
        assert corpora.shared.status().passages == PASSAGES * (len(NAMES) - 1)

    def test_what_changes_is_served_as_it_is_now(self, house: House) -> None:
        corpora = house.opened()
        before = segments(house)
        house.write(**{"file-3": text_of("file-3", 77)})
        # Its third and a part of its first passage are others; all have a number in them.
        assert corpora.shared.reload().encoded == PASSAGES
        assert before.items() < segments(house).items()
        assert [gone for _, gone in parts(corpora)] == [["file-3"], []]
        assert parts(corpora)[1] == (["file-3"], [])
        quote = shown(corpora.ask(question_about("file-3")))[0]
        assert quote.article.id == "file-3"
        assert "77 times" in quote.article.text

    def test_a_segment_of_which_much_is_gone_is_made_anew_without_encoding(
        self, house: House
    ) -> None:
        corpora = house.opened()
        before = {name.split("/")[0] for name in segments(house)}
        for name in NAMES[:3]:
            (house.articles / f"{name}.md").unlink()
        assert corpora.shared.reload().encoded == 0
        assert parts(corpora) == [(NAMES[3:], [])]
        assert not before & {name.split("/")[0] for name in segments(house)}

    def test_what_comes_back_as_it_was_is_not_encoded_again(self, house: House) -> None:
        corpora = house.opened()
        text = (house.articles / "file-3.md").read_text("utf-8")
        (house.articles / "file-3.md").unlink()
        corpora.shared.reload()
        house.write(**{"file-3": text})
        assert corpora.shared.reload().encoded == 0
        assert sorted(corpora.articles()) == NAMES
        answer = corpora.ask(question_about("file-3"), top=100)
        assert first(answer) == "file-3"
        places = [(r.passage.article, r.passage.span) for r in answer.passages]
        assert len(places) == len(set(places)) == PASSAGES * len(NAMES)

    def test_a_small_collection_is_one_segment_after_each_change(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(compaction, "SMALL", 100)
        corpora = house.opened()
        house.write(**{"file-9": text_of("file-9", 1)})
        corpora.shared.reload()
        assert parts(corpora) == [([*NAMES, "file-9"], [])]
        (house.articles / "file-0.md").unlink()
        corpora.shared.reload()
        assert parts(corpora) == [([*NAMES[1:], "file-9"], [])]


class TestAnyChanges:
    def test_it_answers_as_one_made_anew_leaves_nothing_behind_and_starts_again_the_same(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chance = Random(5)
        corpora = house.opened()
        for number in range(8):
            change(house, chance, number)
            corpora.shared.reload()
            assert leftovers(house.data) == []
            named = {part.segment.name for part in generation(corpora).parts}
            assert {name.split("/")[0] for name in segments(house)} == named
        assert len(parts(corpora)) > 1
        assert any(gone for _, gone in parts(corpora))

        again = house.opened()
        assert parts(again) == parts(corpora)
        assert list(again.articles()) == list(corpora.articles())
        assert again.shared.status().encoded_here == 0

        monkeypatch.setattr(compaction, "SMALL", 10**6)
        anew = house.opened(data=house.root / "other")
        assert [gone for _, gone in parts(anew)] == [[]]
        assert dict(anew.articles()) == dict(corpora.articles())
        assert len(generation(anew).engine) == len(generation(corpora).engine)
        assert generation(anew).digest == generation(corpora).digest
        assert generation(anew).languages == generation(corpora).languages
        for id_ in anew.articles():
            expected, found, same = (
                each.ask(question_about(id_), top=5) for each in (anew, corpora, again)
            )
            assert found.passages == same.passages
            assert found.passages[0].passage == expected.passages[0].passage
            assert found.passages[0].score == pytest.approx(expected.passages[0].score, abs=0.05)
            assert found.confidence == pytest.approx(expected.confidence, abs=0.1)

    def test_the_articles_of_a_segment_are_in_the_order_of_the_collection(
        self, house: House
    ) -> None:
        corpora = house.opened()
        chance = Random(6)
        for number in range(6):
            change(house, chance, number)
            corpora.shared.reload()
            order = list(corpora.shared.inventory().articles())
            for left, _ in parts(corpora):
                assert left == sorted(left, key=order.index)


def change(house: House, chance: Random, number: int) -> None:
    """Change one file, and put a new one there or take one away."""
    names = sorted(path.stem for path in house.articles.iterdir())
    house.write(**{(name := chance.choice(names)): text_of(name, 10 + number)})
    if number % 3 == 2:
        (house.articles / f"{chance.choice(names)}.md").unlink()
    else:
        new = f"file-{20 + number}"
        house.write(**{new: text_of(new, 1)})


KEEP = Indexer.keep


class Killed(BaseException):
    """Nothing catches it, as nothing catches the end of a process."""


class TestEndingInTheMidst:
    def test_an_end_before_the_generation_is_written_leaves_the_old_one(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        corpora = house.opened()
        before, told = parts(corpora), segments(house)

        def end(*_: object) -> None:
            raise Killed

        house.write(**{"file-9": text_of("file-9", 1)})
        monkeypatch.setattr(Indexer, "keep", end)
        with pytest.raises(Killed):
            corpora.shared.reload()
        monkeypatch.setattr(Indexer, "keep", KEEP)
        assert told.items() < segments(house).items(), "the new segment is there already"
        assert parts(corpora) == before
        again = house.corpora()
        assert again.shared.restore() == ()
        assert parts(again) == before
        assert first(again.ask(question_about("file-2"))) == "file-2"
        again.shared.reload()
        assert parts(again) == [*before, (["file-9"], [])]
        assert leftovers(house.data) == []

    def test_an_end_before_the_articles_are_kept_leaves_the_old_one(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        corpora = house.opened()
        before = parts(corpora)

        def end(self: Indexer, fresh: Generation) -> None:
            KEEP(self, fresh)
            raise Killed

        house.write(**{"file-9": text_of("file-9", 1)})
        monkeypatch.setattr(Indexer, "keep", end)
        with pytest.raises(Killed):
            corpora.shared.reload()
        monkeypatch.setattr(Indexer, "keep", KEEP)
        again = house.corpora()
        assert again.shared.restore() == ()
        assert parts(again) == before
        again.shared.reload()
        assert leftovers(house.data) == []

    def test_a_segment_that_is_missing_has_all_made_anew_and_nothing_encoded(
        self, house: House
    ) -> None:
        corpora = house.opened()
        house.write(**{"file-9": text_of("file-9", 1)})
        corpora.shared.reload()
        name = generation(corpora).parts[1].segment.name
        place = house.data / "collections" / "shared" / "indexes" / name
        place.rename(place.with_name("elsewhere"))
        again = house.corpora()
        assert any("missing" in notice for notice in again.open().notices)
        assert parts(again) == [([*NAMES, "file-9"], [])]
        assert again.shared.status().encoded_here == 0

    def test_a_segment_that_could_not_be_kept_is_made_anew_once_there_is_room(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.opened()
        indexes = house.data / "collections" / "shared" / "indexes"
        shutil.rmtree(indexes)

        def full(*_: object) -> None:
            raise StorageError("The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(storage.Storage, "write", full)
            corpora = house.corpora()
            corpora.shared.restore()
        house.write(**{"file-9": text_of("file-9", 1)})
        assert corpora.shared.reload().encoded == PASSAGES
        assert house.corpora().shared.restore() == ()

    def test_a_segment_that_another_process_has_discarded_is_made_anew(self, house: House) -> None:
        corpora = house.opened()
        name = generation(corpora).parts[0].segment.name
        shutil.rmtree(house.data / "collections" / "shared" / "indexes" / name)
        house.write(**{"file-9": text_of("file-9", 1)})
        assert corpora.shared.reload().encoded == PASSAGES
        assert parts(corpora) == [([*NAMES, "file-9"], [])]
        assert house.corpora().shared.restore() == ()


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is so large that it is mapped, and checked where it is read if it can be."""
    monkeypatch.setattr(storage, "_LARGE", 1)
    monkeypatch.setattr(columns, "_MAPPED_FROM", 1)


def flip_all(house: House, name: str) -> None:
    """Change every byte of a file of the first segment, where it is."""
    path = next(house.data.glob(f"collections/shared/indexes/segment-*/{name}"))
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.write(bytes(byte ^ 0x55 for byte in content))


LATER = ("token_codes.bin", "token_ids.bin", "articles/records.bin")


@pytest.mark.usefixtures("large")
class TestDamageThatIsFoundWhileItServes:
    @pytest.mark.parametrize("name", LATER)
    def test_the_question_is_answered_all_the_same_from_an_index_made_anew(
        self, house: House, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        house.opened()
        corpora = house.opened()
        served = generation(corpora)
        expected = house.opened(data=house.root / "other").ask(question_about("file-2"))
        flip_all(house, name)
        answer = corpora.ask(question_about("file-2"))
        assert "damaged" in caplog.text
        assert first(answer) == "file-2"
        assert answer.passages == expected.passages
        assert generation(corpora) is not served
        assert corpora.shared.status().encoded_here == 0
        caplog.clear()
        assert corpora.ask(question_about("file-3")).passages
        again = house.opened()
        assert first(again.ask(question_about("file-3"))) == "file-3"
        assert caplog.text == "", "it is whole now"

    @pytest.mark.parametrize("name", LATER)
    def test_a_start_does_not_read_what_is_checked_later(
        self, house: House, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        house.opened()
        flip_all(house, name)
        corpora = house.corpora()
        assert corpora.open().notices == ()
        assert caplog.text == ""
        assert first(corpora.ask(question_about("file-2"))) == "file-2"
        assert "damaged" in caplog.text

    @pytest.mark.parametrize("name", ["vectors.bin", "words.bin", "articles/starts.bin"])
    def test_all_else_is_read_at_the_start(self, house: House, name: str) -> None:
        house.opened()
        flip_all(house, name)
        corpora = house.corpora()
        assert any("damaged" in notice for notice in corpora.open().notices)
        assert first(corpora.ask(question_about("file-2"))) == "file-2"

    @pytest.mark.parametrize("name", LATER)
    def test_a_file_of_another_size_is_noticed_at_the_start(self, house: House, name: str) -> None:
        house.opened()
        path = next(house.data.glob(f"collections/shared/indexes/segment-*/{name}"))
        path.write_bytes(path.read_bytes()[:-1])
        assert any("damaged" in notice for notice in house.corpora().open().notices)

    def test_of_many_who_ask_at_once_one_mends_and_all_are_answered(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        corpora = house.opened()
        flip_all(house, "token_codes.bin")
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(corpora.ask, map(question_about, NAMES)))
        assert [first(answer) for answer in answers] == NAMES
        assert caplog.text.count("Stored index not used") == 1

    def test_a_summary_is_given_all_the_same(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        corpora = house.opened()
        expected = corpora.summarize("file-2")
        flip_all(house, "token_ids.bin")
        assert corpora.summarize("file-2") == expected
        assert "damaged" in caplog.text

    def test_nothing_is_mended_where_another_generation_is_served_by_now(
        self, house: House
    ) -> None:
        corpora = house.opened()
        served = generation(corpora)
        house.write(**{"file-9": text_of("file-9", 1)})
        corpora.shared.reload()
        now, told = generation(corpora), files(house)
        corpora.shared.mend(served)
        assert generation(corpora) is now
        assert files(house) == told

    def test_what_is_whole_after_all_is_only_read_again(self, house: House) -> None:
        corpora = house.opened()
        served, told = generation(corpora), files(house)
        corpora.shared.mend(served)
        assert generation(corpora).digest == served.digest
        assert files(house) == told

    def test_the_manifest_says_what_was_not_read(self, house: House) -> None:
        house.opened()
        kept = storage.Storage(house.data / "collections" / "shared" / "indexes")
        name = next(path.name for path in kept.folder.glob("segment-*"))
        found = kept.open(name, LATER)
        assert found is not None
        assert sorted(found[1]["unchecked"]) == sorted(LATER)
        assert kept.open(name) == (kept.folder / name, {**found[1], "unchecked": []})
        manifest = json.loads((kept.folder / name / "manifest.json").read_bytes())
        assert "unchecked" not in manifest
