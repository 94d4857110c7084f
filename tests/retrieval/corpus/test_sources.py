from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.corpus.sources import read_sources
from retrieval.errors import CorpusError


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"The text of {name!a}.", "utf-8")
    return folder


def ids(*sources: Path) -> list[str]:
    return list(read_sources(sources).articles)


def test_a_folder_is_read_with_all_below_it(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "2014/june/b.txt", "2014/c.markdown", "notes.pdf")
    assert ids(tmp_path) == ["a", "2014-c", "2014-june-b"]


def test_a_file_is_a_source_too(tmp_path: Path) -> None:
    write(tmp_path, "One Article.md", "other.md")
    assert ids(tmp_path / "One Article.md") == ["one-article"]


def test_hidden_files_and_folders_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, ".a.md", ".git/b.md", "c/.d/e.md", "f.md")
    assert ids(tmp_path) == ["f"]


def test_an_id_does_not_depend_on_where_the_folder_is(tmp_path: Path) -> None:
    names = ("a b.md", "a-b.md", "a_b.md", "a-b.txt", "x/a-b.md")
    here, there = write(tmp_path / "here", *names), write(tmp_path / "else" / "there", *names)
    assert ids(here) == ids(there)
    assert len(set(ids(here))) == len(names)


def test_ids_are_the_same_at_each_reading_whatever_order_the_disk_has(tmp_path: Path) -> None:
    names = [
        f"{kind}{number}.{end}" for kind in "ab" for number in range(9) for end in ("md", "txt")
    ]
    here = write(tmp_path / "here", *names)
    there = write(tmp_path / "there", *random.Random(7).sample(names, len(names)))
    assert ids(here) == ids(here) == ids(there)


def test_the_same_name_in_two_folders_makes_two_articles(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", "news.md"), write(tmp_path / "two", "news.md", "news.txt")
    found = read_sources([one, two])
    assert len(found.articles) == 3
    assert list(found.articles)[:2] == ["news", "news-md"]
    assert [found.paths[id_] for id_ in found.articles] == [
        one / "news.md",
        two / "news.md",
        two / "news.txt",
    ]


def test_an_id_that_looks_like_another_ones_mark_takes_nothing_away(tmp_path: Path) -> None:
    colliding = ["a b.md", "a-b.md", "a_b.md"]
    mark = ids(write(tmp_path / "first", *colliding))[-1]
    names = [f"0/../{mark}.md", *colliding]
    (tmp_path / "second" / "0").mkdir(parents=True)
    assert len(ids(write(tmp_path / "second", *names))) == len(names)


def test_sources_that_overlap_give_each_file_once(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "sub/b.md")
    (tmp_path / "link.md").symlink_to("a.md")
    sources = (tmp_path, tmp_path / "sub", tmp_path / "a.md", tmp_path / "sub" / ".." / "sub")
    assert ids(*sources) == ["a", "sub-b"]
    assert ids(*reversed(sources)) == ["b", "a"]


def test_names_of_every_script_are_read(tmp_path: Path) -> None:
    write(tmp_path, "文章.md", "مقال.md", "cafe\u0301.md", "👍.md", "line\nbreak.md", "\x1b[31m.md")
    found = read_sources([tmp_path])
    assert set(found.articles) == {"文章", "مقال", "café", "article", "line-break", "31m"}
    assert not found.failures


def test_a_name_that_is_not_utf_8_is_read(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("Text.")
    assert ids(tmp_path) == ["caf"]


def test_a_broken_file_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "sub/broken.md", "z.md")
    (tmp_path / "sub" / "broken.md").write_bytes(b"\xff")
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "gone.md").symlink_to("nowhere")
    found = read_sources([tmp_path])
    assert list(found.articles) == ["a", "z"]
    assert {id_: error.name for id_, error in found.failures.items()} == {
        "gone": "gone.md",
        "loop": "loop.md",
        "sub-broken": "sub/broken.md",
    }
    assert set(found.paths) == {"a", "z", "gone", "loop", "sub-broken"}


def test_a_folder_that_is_named_like_an_article_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "book.md/chapter.md")
    assert ids(tmp_path) == ["book-md-chapter"]


def test_a_circle_of_linked_folders_ends(tmp_path: Path) -> None:
    write(tmp_path, "sub/a.md")
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    assert ids(tmp_path) == ["sub-a"]


def test_excluded_articles_are_left_out_and_the_other_ids_stay(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "a.txt", "b.md")
    assert list(read_sources([tmp_path], {"a"}).articles) == ["a-txt", "b"]


@pytest.mark.parametrize("name", ["missing", "x" * 300, "nul\0byte", "loop", "file.md/below"])
def test_a_source_that_is_not_there_is_named_with_a_remedy(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    write(tmp_path, "file.md")
    with pytest.raises(CorpusError) as caught:
        read_sources([tmp_path / name])
    assert str(tmp_path / name) in caught.value.what
    assert caught.value.why.startswith("The system says: ")
    assert "--corpus" in caught.value.remedy


def test_a_source_that_is_neither_file_nor_folder_fails_as_an_article(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert "is not a file" in str(read_sources([tmp_path / "pipe.md"]).failures["pipe"])


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
        read_sources([tmp_path])


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert ids(tmp_path) == []


def test_progress_counts_every_file(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.md", "c.md")
    (tmp_path / "b.md").write_bytes(b"\xff")
    seen: list[tuple[int, int]] = []
    read_sources([tmp_path], {"c"}, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@settings(max_examples=40)
@given(
    st.sets(
        st.text(
            st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), max_size=12
        ).map(lambda stem: f"n{stem}"),
        max_size=8,
    )
)
def test_whatever_files_are_called_each_has_its_own_id(
    tmp_path_factory: pytest.TempPathFactory, stems: set[str]
) -> None:
    folder = write(tmp_path_factory.mktemp("names"), *(f"{stem}.md" for stem in stems))
    found = read_sources([folder])
    assert len(found.articles) == len(list(folder.iterdir()))
    assert all(article.id == id_ for id_, article in found.articles.items())
