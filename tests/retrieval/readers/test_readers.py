from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import readers
from retrieval.errors import ArticleError


def refusal(path: Path) -> str:
    with pytest.raises(ArticleError) as caught:
        readers.read(path, "the-id")
    assert caught.value.name == path.name
    assert path.name in caught.value.what
    assert caught.value.remedy
    return str(caught.value)


def written(folder: Path, content: bytes, name: str = "a.md") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["a.md", "a.MD", "a.markdown", "a.txt", "A.Text"])
def test_a_file_is_read_by_its_extension(tmp_path: Path, name: str) -> None:
    article = readers.read(written(tmp_path, b"The text.", name), "the-id")
    assert (article.id, article.text) == ("the-id", "The text.")


def test_the_words_are_those_of_the_file_to_the_last_carriage_return(tmp_path: Path) -> None:
    content = "One\r\ntwo\rthree\n\u2028\u202eend \U0001f600"
    path = written(tmp_path, content.encode(), "a.txt")
    assert readers.read(path, "a").text == content


@pytest.mark.parametrize("name", ["a.md", "a.txt"])
def test_a_byte_order_mark_is_not_text(tmp_path: Path, name: str) -> None:
    assert readers.read(written(tmp_path, b"\xef\xbb\xbfText.", name), "a").text == "Text."


def test_front_matter_is_found_behind_a_byte_order_mark(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf---\ntitle: T\n---\nText.")
    assert readers.read(path, "a").title == "T"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("für".encode("latin-1"), "not UTF-8 text. Byte 1 "),
        ("text".encode("utf-16"), "not UTF-8 text. Byte 0 "),
        (b"\xed\xa0\x80 half a pair", "not UTF-8 text"),
        (b"text\0text", "zero bytes"),
        (b"%PDF\x00\x01", "zero bytes"),
        (b"", "holds no text"),
        (b" \n\r\n\t", "holds no text"),
        (b"\xef\xbb\xbf", "holds no text"),
        (b"--- *** ...", "holds no text"),
        (b"---\ntitle: T\n---\n", "holds no text"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    assert reason in refusal(written(tmp_path, content))


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "MAX_FILE_BYTES", 100)
    assert len(readers.read(written(tmp_path, b"x" * 100), "a").text) == 100
    assert "too large: at most 100 bytes" in refusal(written(tmp_path, b"x" * 101))


def test_another_format_is_refused(tmp_path: Path) -> None:
    assert "is not Markdown (.md) or plain text (.txt)" in refusal(written(tmp_path, b"x", "a.pdf"))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "gone.md")


def test_a_folder_that_is_named_like_an_article_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    assert "is not a file" in refusal(tmp_path / "a.md")


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    assert "is not a file" in refusal(tmp_path / "a.md")


def test_an_endless_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("/dev/zero")
    assert "is not a file" in refusal(tmp_path / "a.md")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").symlink_to("a.md")
    assert "cannot be read" in refusal(tmp_path / "a.md")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, b"text")
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_errors_use_the_name_that_the_reader_of_the_message_knows(tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match=r"^2014/june\.md holds no text") as caught:
        readers.read(written(tmp_path, b""), "june", "2014/june.md")
    assert caught.value.name == "2014/june.md"


def test_hidden_files_and_other_formats_are_not_articles() -> None:
    names = ["a.md", "b.TXT", ".hidden.md", ".md", "c.pdf", "md", "d.md~"]
    assert [n for n in names if readers.is_readable(Path(n))] == ["a.md", "b.TXT"]


@pytest.mark.parametrize(
    ("name", "article_id"),
    [
        ("Benghazi_Clashes (2)", "benghazi-clashes-2"),
        ("2014/June", "2014-june"),
        ("Straße", "strasse"),
        ("文章", "文章"),
        ("cafe\u0301", "café"),
        ("../..", "article"),
        ("👍", "article"),
        ("bad\udcff name", "bad-name"),
    ],
)
def test_an_id_is_made_of_words_and_hyphens(name: str, article_id: str) -> None:
    assert readers.slug(name) == article_id


@given(st.text())
def test_any_name_makes_an_id_that_can_be_printed_and_typed(name: str) -> None:
    article_id = readers.slug(name)
    article_id.encode()
    assert article_id.strip("-") == article_id != ""
    assert not any(c.isspace() or c in "/\\." for c in article_id)
