"""What people add, remove and bring back."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from retrieval.corpus import Corpora, Upload
from retrieval.database import CollectionStore
from retrieval.errors import ArticleError, CorpusError, StorageError
from tests.retrieval.corpus.house import (
    BATTLE,
    BRIDGE,
    OFFENSIVE,
    House,
    changed,
    outcomes,
    served,
    shown,
    upload,
)

A_DAY = timedelta(days=1)
PAGES = '{"title": "One", "text": "The first of two."}\n{"title": "Two", "text": "The second."}\n'


def bytes_kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


class TestAdding:
    def test_only_what_is_new_is_encoded_and_it_is_there_after_a_restart(
        self, house: House
    ) -> None:
        corpora = house.opened()
        report = corpora.shared.add(upload("Bridge (draft).md", f"{BRIDGE}\n\nIt is grey."))
        assert changed(report) == {"bridge-draft": "added"}
        assert report.encoded == 2
        again = house.corpora()
        assert again.open().encoded == 0
        assert shown(again.ask("Who opened the bridge?"))[0].text == BRIDGE
        assert again.shared.status().added == 1

    def test_the_same_name_is_the_same_article(self, house: House) -> None:
        corpus = house.opened().shared
        corpus.add(upload("bridge.md", BRIDGE))
        report = corpus.add(upload("bridge.md", f"{BRIDGE}\n\nIt is grey."))
        assert changed(report) == {"bridge": "changed"}
        assert report.encoded == 1
        assert corpus.articles["bridge"].text.endswith("grey.")
        assert len(corpus.inventory().entries) == 3

    def test_a_name_that_a_file_has_already_makes_another_id(self, house: House) -> None:
        corpus = house.opened().shared
        report = corpus.add(upload("battle.md", BRIDGE))
        assert changed(report) == {"battle-md": "added"}
        assert corpus.articles["battle"].text == BATTLE

    @pytest.mark.parametrize("name", ["../../etc/passwd.md", "..\\..\\x.md", "/etc/x.md", ".md"])
    def test_a_name_is_never_a_path(self, house: House, name: str) -> None:
        corpus = house.opened().shared
        before = {path for path in house.root.rglob("*") if "data" not in path.parts}
        try:
            corpus.add(upload(name, BRIDGE))
        except ArticleError:
            assert name == ".md"
        assert {path for path in house.root.rglob("*") if "data" not in path.parts} == before

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("noise.md", b"\xff\xfe\x00", "noise.md"),
            ("empty.md", b"  \n", "holds no text"),
            ("image.png", b"\x89PNG", "not in a format that can be read"),
            ("nothing", b"Text.", "not in a format that can be read"),
        ],
    )
    def test_what_cannot_be_read_is_refused_and_nothing_is_kept_of_it(
        self, house: House, name: str, content: bytes, said: str
    ) -> None:
        corpus = house.opened().shared
        before = corpus.inventory()
        with pytest.raises(ArticleError, match=said):
            corpus.add(Upload(name, content))
        assert corpus.inventory() == before
        assert changed(corpus.reload()) == {}

    def test_an_exact_copy_is_refused_with_the_name_of_its_twin(self, house: House) -> None:
        corpus = house.opened().shared
        with pytest.raises(ArticleError, match=r"is here already.*“Battle” \(battle\)"):
            corpus.add(upload("copy.md", BATTLE))
        assert served(corpus) == {"battle", "offensive"}
        assert not list(house.data.glob("collections/*/originals/*"))

    def test_a_near_copy_is_kept_and_noticed(self, house: House) -> None:
        corpus = house.opened().shared
        long = " ".join(f"Sentence number {n} tells of the {n * 7}th day." for n in range(60))
        corpus.add(upload("long.md", long))
        report = corpus.add(upload("longer.md", f"{long} And one more."))
        assert changed(report) == {"longer": "added"}
        (notice,) = report.notices
        assert "nearly the same" in notice
        assert "(long)" in notice
        assert corpus.reload().notices == ()

    def test_two_files_with_the_same_words_are_both_served_and_noticed(self, house: House) -> None:
        house.write(twin=BATTLE)
        (notice,) = house.corpora().open().notices
        assert notice == "“Twin” (twin) has the same words as “Battle” (battle)."

    def test_names_in_any_script_and_words_in_any_are_kept(self, house: House) -> None:
        corpus = house.opened().shared
        corpus.add(upload("文章 👍.md", "第一句。第二句！\n\n\u202bשלום\u202c עולם"))
        again = house.opened().shared
        assert again.articles["文章"].text == "第一句。第二句！\n\n\u202bשלום\u202c עולם"

    def test_halves_of_characters_in_a_name_or_a_text_are_no_reason_to_fail(
        self, house: House
    ) -> None:
        corpus = house.opened().shared
        corpus.add(Upload("half \ud83d.md", BRIDGE.encode()))
        assert "half" in served(corpus)
        report = corpus.add(upload("two.jsonl", '{"title": "A", "text": "x \\ud83d y"}\n' + PAGES))
        assert set(changed(report).values()) <= {"added", "failed"}
        assert len(report.of("added")) >= 2


class TestRemoving:
    def test_removed_is_removed_after_a_restart_too(self, house: House) -> None:
        corpus = house.opened().shared
        assert changed(corpus.remove("battle")) == {"battle": "removed"}
        again = house.opened().shared
        assert served(again) == {"offensive"}
        assert all(q.article.id == "offensive" for q in shown(again.ask("Fighting in Benghazi")))

    def test_a_file_that_the_settings_name_is_left_alone_and_does_not_come_back(
        self, house: House
    ) -> None:
        corpus = house.opened().shared
        corpus.remove("battle")
        assert (house.articles / "battle.md").read_text() == BATTLE
        assert "battle" not in outcomes(corpus.reload())
        house.write(battle=f"{BATTLE}\n\nIt goes on.")
        assert "battle" not in outcomes(corpus.reload())
        report = corpus.undo()
        assert changed(report) == {"battle": "added"}
        assert corpus.articles["battle"].text.endswith("It goes on."), "as the file is now"

    def test_the_last_article_of_the_shared_collection_is_not_removed(self, house: House) -> None:
        corpus = house.opened().shared
        corpus.remove("battle")
        with pytest.raises(CorpusError, match="only article"):
            corpus.remove("offensive")
        assert served(house.opened().shared) == {"offensive"}

    def test_an_unknown_article_suggests_the_nearest(self, house: House) -> None:
        corpus = house.opened().shared
        with pytest.raises(CorpusError, match=r"no article “batle”.*Did you mean battle"):
            corpus.remove("batle")

    def test_one_article_of_a_file_of_several_is_removed_alone(self, house: House) -> None:
        corpus = house.opened().shared
        added = changed(corpus.add(upload("two.jsonl", PAGES)))
        first, second = added
        assert changed(corpus.remove(first)) == {first: "removed"}
        assert second in served(corpus)
        corpus.reload()
        assert first not in served(corpus)


class TestUndoing:
    def test_what_was_removed_last_comes_back_without_encoding_anything(self, house: House) -> None:
        corpus = house.opened().shared
        corpus.add(upload("bridge.md", BRIDGE))
        corpus.remove("battle")
        corpus.remove("bridge")
        report = corpus.undo()
        assert (changed(report), report.encoded) == ({"bridge": "added"}, 0)
        report = corpus.undo()
        assert (changed(report), report.encoded) == ({"battle": "added"}, 0)
        with pytest.raises(CorpusError, match="Nothing was removed"):
            corpus.undo()

    def test_one_of_several_is_brought_back_by_its_name(self, house: House) -> None:
        corpus = house.opened().shared
        corpus.add(upload("bridge.md", BRIDGE))
        corpus.remove("bridge")
        corpus.remove("battle")
        assert changed(corpus.undo("bridge")) == {"bridge": "added"}
        with pytest.raises(CorpusError, match=r"no article “batle”.*Did you mean battle"):
            corpus.undo("batle")

    def test_it_works_after_a_restart(self, house: House) -> None:
        house.opened().shared.remove("battle")
        again = house.opened().shared
        report = again.undo()
        assert (changed(report), report.encoded) == ({"battle": "added"}, 0)

    def test_adding_what_was_removed_brings_it_back_too(self, house: House) -> None:
        corpus = house.opened().shared
        corpus.add(upload("bridge.md", BRIDGE))
        corpus.remove("bridge")
        report = corpus.add(upload("bridge.md", BRIDGE))
        assert (changed(report), report.encoded) == ({"bridge": "added"}, 0)

    def test_after_a_day_it_is_too_late(self, house: House) -> None:
        corpus = house.opened().shared
        corpus.remove("battle")
        house.clock.wait(A_DAY)
        with pytest.raises(CorpusError, match="Nothing was removed in the last day"):
            corpus.undo()


class TestForgetting:
    def test_after_a_day_nothing_of_an_upload_is_left_on_the_disk(self, house: House) -> None:
        corpora = house.opened()
        corpora.shared.add(upload("secret.md", "The zyxomma sleeps in the quillwort."))
        assert b"zyxomma" in bytes_kept(house.data)
        corpora.shared.remove("secret")
        assert b"zyxomma" in bytes_kept(house.data), "it can be brought back"
        house.clock.wait(A_DAY)
        corpora.shared.reload()
        corpora.close()
        assert b"zyxomma" not in bytes_kept(house.data)
        assert b"quillwort" not in bytes_kept(house.data)
        assert house.opened().shared.status().added == 0

    def test_of_a_file_that_the_settings_name_the_place_is_kept_so_that_it_stays_away(
        self, house: House
    ) -> None:
        corpora = house.opened()
        corpora.shared.remove("battle")
        house.clock.wait(A_DAY)
        for _ in range(2):
            assert "battle" not in outcomes(corpora.shared.reload())
        corpora.close()
        assert b"Benghazi" not in bytes_kept(house.data)
        house.write(battle=f"{BATTLE}\n\nIt goes on.")
        again = house.opened()
        assert served(again.shared) == {"offensive"}
        corpus = again.shared
        assert changed(corpus.add(upload("battle.md", BATTLE))) == {"battle-md": "added"}

    def test_one_article_of_several_is_emptied_and_the_others_stay(self, house: House) -> None:
        corpora = house.opened()
        first, second = changed(corpora.shared.add(upload("two.jsonl", PAGES)))
        corpora.shared.remove(first)
        house.clock.wait(A_DAY)
        corpora.shared.reload()
        with sqlite3.connect(house.data / "footnote.db") as database:
            rows = dict(database.execute("SELECT article, text FROM articles"))
        database.close()
        assert (rows[first], rows[second]) == ("", "The second.")
        report = corpora.shared.add(upload("two.jsonl", PAGES))
        assert changed(report) == {first: "added"}, "whoever adds it again wants all of it"


class TestBetterReaders:
    """What was read by an older version is read again from the bytes that were kept."""

    def test_an_upload_is_read_again(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        corpora = house.opened()
        corpora.shared.add(upload("bridge.md", BRIDGE))
        corpora.close()
        monkeypatch.setattr("retrieval.corpus.stocktaking.READERS", 2)
        again = house.corpora()
        report = again.open()
        assert (changed(report), report.encoded) == ({}, 0)
        readers = [entry.source.reader for entry in again.shared.inventory().entries]
        assert readers == [2, 2, 2]

    def test_one_whose_bytes_are_damaged_stays_as_it_was(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        corpora = house.opened()
        corpora.shared.add(upload("bridge.md", BRIDGE))
        corpora.close()
        (original,) = house.data.rglob("originals/*")
        original.write_bytes(b"damaged")
        monkeypatch.setattr("retrieval.corpus.stocktaking.READERS", 2)
        assert house.opened().shared.articles["bridge"].text == BRIDGE

    def test_what_was_removed_stays_so(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        corpora = house.opened()
        first, second = changed(corpora.shared.add(upload("two.jsonl", PAGES)))
        corpora.shared.remove(first)
        corpora.shared.remove("battle")
        corpora.close()
        monkeypatch.setattr("retrieval.corpus.stocktaking.READERS", 2)
        again = house.opened().shared
        assert served(again) == {"offensive", second}
        assert changed(again.undo("battle")) == {"battle": "added"}


class TestIds:
    def test_they_stay_when_other_files_come_and_go(self, house: House) -> None:
        house.write(**{"b-news": "The later one."})
        corpus = house.opened().shared
        before = served(corpus)
        # Each of these would be read first and have the shorter id, were it all begun anew.
        (house.articles / "B News.md").write_text("Another.")
        (house.articles / "b-news.markdown").write_text("A third.")
        corpus.reload()
        after = served(corpus)
        assert before < after
        assert corpus.articles["b-news"].text == "The later one."
        (house.articles / "B News.md").unlink()
        assert set(outcomes(corpus.reload())) >= before
        assert corpus.articles["b-news"].text == "The later one."

    def test_a_folder_that_is_moved_keeps_its_articles_and_encodes_nothing(
        self, house: House
    ) -> None:
        (house.articles / "a b.md").write_text("One.")
        (house.articles / "a-b.md").write_text("Another.")
        corpora = house.opened()
        corpora.shared.remove("battle")
        before = corpora.shared.articles
        corpora.close()
        moved = house.articles.rename(house.root / "moved")
        again = house.corpora(sources=[moved])
        report = again.open()
        assert changed(report) == {}
        assert report.encoded == 0
        assert again.shared.articles == before

    def test_a_file_in_two_folders_under_one_name_is_two_articles(self, house: House) -> None:
        other = house.root / "other"
        other.mkdir()
        (other / "battle.md").write_text("Another battle.")
        corpora = house.opened(sources=[house.articles, other])
        assert served(corpora.shared) == {"battle", "offensive", "battle-md"}
        corpora.close()
        again = house.opened(sources=[other, house.articles])
        assert again.shared.articles["battle"].text == BATTLE
        again.close()
        alone = house.opened(sources=[other])
        assert served(alone.shared) == {"battle-md"}
        assert OFFENSIVE not in {article.text for article in alone.shared.articles.values()}


def test_a_change_that_cannot_be_kept_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora: Corpora = house.opened()
    save = CollectionStore.save

    def full(*_: object) -> None:
        raise StorageError("The disk is full.")

    monkeypatch.setattr(CollectionStore, "save", full)
    for change in (
        partial(corpora.shared.add, upload("bridge.md", BRIDGE)),
        partial(corpora.shared.remove, "battle"),
    ):
        with pytest.raises(StorageError, match="full"):
            change()
    assert served(corpora.shared) == {"battle", "offensive"}
    assert shown(corpora.ask("What is the offensive called?"))[0].article.id == "offensive"
    assert not list(house.data.glob("collections/*/originals/*"))
    monkeypatch.setattr(CollectionStore, "save", save)
    assert changed(corpora.shared.add(upload("bridge.md", BRIDGE))) == {"bridge": "added"}
    assert served(house.opened().shared) == {"battle", "offensive", "bridge"}
