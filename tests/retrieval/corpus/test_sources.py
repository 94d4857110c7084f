"""Which files are read, and what their articles are called."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.corpus import Asked, Stock
from retrieval.corpus.originals import OriginalFiles
from retrieval.corpus.sources import list_files
from retrieval.corpus.stocktaking import Tools, take_stock
from retrieval.database.records import Inventory
from retrieval.errors import CorpusError
from retrieval.limits import Limits
from retrieval.preparation import PreparedArticle
from retrieval.sandbox import Sandbox
from retrieval.web import Fetcher
from tests.retrieval.corpus.house import Clock

Stocktaker = Callable[..., Stock]


@pytest.fixture(scope="module")
def stock(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Stocktaker:
    """What sources hold, for who has never looked before or has ``known``."""
    means = tools(sandbox, tmp_path_factory.mktemp("originals"))

    def take(*sources: Path, known: Inventory | None = None) -> Stock:
        return take_stock(known or Inventory(), sources, means, Asked.NEW)

    return take


def tools(sandbox: Sandbox, folder: Path) -> Tools:
    limits = Limits()
    return Tools(
        sandbox=sandbox,
        fetcher=Fetcher(limits),
        originals=OriginalFiles(folder / "originals"),
        limits=limits,
        interval=timedelta(hours=1),
        clock=Clock(),
    )


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The text of {name!a}.", "utf-8")
    return folder


def ids(taken: Stock) -> list[str]:
    return list(taken.inventory.articles())


def listed(*sources: Path) -> list[str]:
    return [file.name for file in list_files(sources)]


def test_a_folder_is_listed_with_all_below_it(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "2014/june/b.txt", "2014/c.markdown", "d.html", "notes.exe")
    assert listed(tmp_path) == ["a.md", "d.html", "2014/c.markdown", "2014/june/b.txt"]


def test_each_file_is_told_of_before_the_next_one_is_read(tmp_path: Path, sandbox: Sandbox) -> None:
    write(tmp_path, "a.md", "b.md")
    told: list[list[str]] = []

    def tell(articles: Sequence[PreparedArticle]) -> None:
        told.append([one.article.id for one in articles])
        (tmp_path / "b.md").write_text("As it is read after the first one.", "utf-8")

    taken = take_stock(Inventory(), [tmp_path], tools(sandbox, tmp_path), Asked.NEW, tell)
    again = take_stock(taken.inventory, [tmp_path], tools(sandbox, tmp_path), Asked.NEW, tell)

    assert told == [["a"], ["b"]]
    assert taken.inventory.articles()["b"].text == "As it is read after the first one."
    assert ids(again) == ["a", "b"]


def test_a_file_is_a_source_too(tmp_path: Path, stock: Stocktaker) -> None:
    write(tmp_path, "One Article.md", "other.md")
    assert ids(stock(tmp_path / "One Article.md")) == ["one-article"]


def test_an_address_is_no_file() -> None:
    assert list_files(["https://example.org/a.md"]) == []


def test_hidden_files_and_folders_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, ".a.md", ".git/b.md", "c/.d/e.md", "f.md")
    assert listed(tmp_path) == ["f.md"]


def test_an_id_does_not_depend_on_where_the_folder_is(tmp_path: Path, stock: Stocktaker) -> None:
    names = ("a b.md", "a-b.txt", "x/a-b.md")
    here, there = write(tmp_path / "here", *names), write(tmp_path / "else" / "there", *names)
    assert ids(stock(here)) == ids(stock(there)) == ["a-b", "a-b-txt", "x-a-b"]


def test_ids_are_the_same_at_each_reading_whatever_order_the_disk_has(
    tmp_path: Path, stock: Stocktaker
) -> None:
    names = [
        f"{kind}{number}.{end}" for kind in "ab" for number in range(4) for end in ("md", "txt")
    ]
    here = write(tmp_path / "here", *names)
    there = write(tmp_path / "there", *random.Random(7).sample(names, len(names)))
    first = stock(here)
    assert ids(first) == ids(stock(there)) == ids(stock(here, known=first.inventory))


def test_the_same_name_in_two_folders_makes_two_articles(tmp_path: Path, stock: Stocktaker) -> None:
    one, two = write(tmp_path / "one", "news.md"), write(tmp_path / "two", "news.md", "news.txt")
    found = stock(one, two)
    by_location = {e.source.location: e.source.article for e in found.inventory.entries}
    assert by_location == {
        str(one / "news.md"): "news",
        str(two / "news.md"): "news-md",
        str(two / "news.txt"): "news-txt",
    }


def test_an_id_that_looks_like_another_ones_mark_takes_nothing_away(
    tmp_path: Path, stock: Stocktaker
) -> None:
    colliding = ["a b.md", "a-b.md", "a_b.md"]
    mark = ids(stock(write(tmp_path / "first", *colliding)))[-1]
    second = write(tmp_path / "second", f"0/{mark}.md", f"{mark}.md", *colliding)
    assert len(set(ids(stock(second)))) == 5


def test_sources_that_overlap_give_each_file_once(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "sub/b.md")
    (tmp_path / "link.md").symlink_to("a.md")
    sources = (tmp_path, tmp_path / "sub", tmp_path / "a.md", tmp_path / "sub" / ".." / "sub")
    assert listed(*sources) == ["a.md", "sub/b.md"]
    assert listed(*reversed(sources)) == ["b.md", "a.md"]


def test_names_of_every_script_are_read(tmp_path: Path, stock: Stocktaker) -> None:
    write(tmp_path, "文章.md", "مقال.md", "cafe\u0301.md", "👍.md", "line\nbreak.md", "\x1b[31m.md")
    found = stock(tmp_path)
    assert set(ids(found)) == {"文章", "مقال", "café", "article", "line-break", "31m"}
    assert not found.failures


def test_a_name_that_is_not_utf_8_is_read(tmp_path: Path, stock: Stocktaker) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("Text.")
    (entry,) = stock(tmp_path).inventory.entries
    assert (entry.source.name, entry.source.article) == ("caf\\xe9.md", "caf-xe9")


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path, stock: Stocktaker) -> None:
    write(tmp_path, "a.md", "sub/broken.md", "z.md")
    (tmp_path / "sub" / "broken.md").write_bytes(b"---\na: [\n---\nText")
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "gone.md").symlink_to("nowhere")
    found = stock(tmp_path)
    assert ids(found) == ["a", "z"]
    assert {id_: error.name for id_, error in found.failures.items()} == {
        "gone": "gone.md",
        "loop": "loop.md",
        "sub-broken": "sub/broken.md",
    }


def test_a_folder_that_is_named_like_an_article_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "book.md/chapter.md")
    assert listed(tmp_path) == ["book.md/chapter.md"]


def test_a_circle_of_linked_folders_ends(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.md")
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert listed(tmp_path) == ["sub/a.md"]


@pytest.mark.parametrize("name", ["missing", "x" * 300, "nul\0byte", "loop", "file.md/below"])
def test_a_source_that_is_not_there_is_named_with_a_remedy(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    write(tmp_path, "file.md")
    with pytest.raises(CorpusError) as caught:
        list_files([tmp_path / name])
    assert str(tmp_path / name) in caught.value.what
    assert caught.value.why.startswith("The system says: ")
    assert "--corpus" in caught.value.remedy


def test_a_source_that_is_neither_file_nor_folder_fails_as_an_article(
    tmp_path: Path, stock: Stocktaker
) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert "is not a file" in str(stock(tmp_path / "pipe.md").failures["pipe"])


def test_a_folder_that_cannot_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.md", "closed/b.md")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)  # Nobody refuses anything to root.
    with pytest.raises(CorpusError, match=r"closed cannot be read.*Permission denied"):
        list_files([tmp_path])


def test_an_empty_folder_holds_nothing(tmp_path: Path, stock: Stocktaker) -> None:
    assert stock(tmp_path).inventory.entries == ()


class TestReadingAgain:
    def test_a_file_that_has_not_changed_is_not_opened(
        self, tmp_path: Path, stock: Stocktaker
    ) -> None:
        path = write(tmp_path, "a.md") / "a.md"
        os.utime(path, ns=(0, 10**18))
        first = stock(tmp_path)
        content = path.read_bytes()
        path.write_bytes(content[::-1])
        os.utime(path, ns=(0, 10**18))
        assert stock(tmp_path, known=first.inventory) == first
        os.utime(path, ns=(0, 10**18 + 1))
        (article,) = stock(tmp_path, known=first.inventory).inventory.articles().values()
        assert article.text.encode() == content[::-1]

    def test_a_file_that_was_changed_a_moment_ago_is_looked_at_once_more(
        self, tmp_path: Path, stock: Stocktaker
    ) -> None:
        path = write(tmp_path, "a.md") / "a.md"
        soon = int(Clock().now.timestamp() * 1e9) + 10**12
        os.utime(path, ns=(soon, soon))
        first = stock(tmp_path)
        path.write_bytes(path.read_bytes()[::-1])
        os.utime(path, ns=(soon, soon))
        assert stock(tmp_path, known=first.inventory) != first

    def test_a_file_that_was_only_touched_is_not_read_anew(
        self, tmp_path: Path, stock: Stocktaker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write(tmp_path, "a.md") / "a.md"
        first = stock(tmp_path)
        os.utime(path, ns=(0, 10**18))
        monkeypatch.setattr(Sandbox, "read", None)
        again = stock(tmp_path, known=first.inventory)
        assert again.inventory.articles() == first.inventory.articles()

    def test_what_the_readers_make_of_it_now_replaces_what_they_made_of_it_before(
        self, tmp_path: Path, stock: Stocktaker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = write(tmp_path, "a.md") / "a.md"
        os.utime(path, ns=(0, 10**18))
        first = stock(tmp_path)
        monkeypatch.setattr("retrieval.corpus.stocktaking.READERS", 2)
        (entry,) = stock(tmp_path, known=first.inventory).inventory.entries
        assert entry.source.reader == 2


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(
        st.text(
            st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=12
        ).map(lambda stem: f"n{stem}"),
        max_size=6,
    )
)
def test_whatever_files_are_called_each_has_its_own_id(
    tmp_path_factory: pytest.TempPathFactory, stock: Stocktaker, stems: set[str]
) -> None:
    folder = write(tmp_path_factory.mktemp("names"), *(f"{stem}.md" for stem in stems))
    found = stock(folder)
    assert len(ids(found)) == len(list(folder.iterdir()))
    assert all(article.id == id_ for id_, article in found.inventory.articles().items())
    assert ids(stock(folder, known=found.inventory)) == ids(found)
