"""What is exported is what was kept, whoever reads it."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval import readers
from retrieval.answering import Answerer
from retrieval.articles import Article
from retrieval.corpus import Corpora, Corpus, Upload
from retrieval.corpus.export import _markdown, _Names, _parts, export, write_export
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
from retrieval.errors import StorageError
from retrieval.limits import Limits
from retrieval.readers.documents import Document
from retrieval.readers.plain_text import one_line
from retrieval.sandbox import Sandbox
from tests.strategies import texts

LINES = st.text(max_size=40).map(one_line)
ARTICLES = st.lists(
    st.builds(
        Article,
        id=st.uuids().map(str),
        title=LINES.map(lambda title: title or "A title"),
        text=texts.filter(lambda text: any(map(str.isalnum, text))),
        author=LINES.map(lambda author: author or None),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda article: article.text,
)
"""Articles as readers make them: any text, and fields of one line."""


@pytest.fixture(scope="module")
def opened(
    encoder: SentenceTransformerEncoder, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Corpora]:
    """Collections without anything in them, for servers to fill."""
    folder = tmp_path_factory.mktemp("exports")
    with Corpora(folder, Answerer(encoder), sandbox=sandbox) as made:
        yield made


def exported(corpus: Corpus) -> dict[str, bytes]:
    """The files of an export, by name."""
    file = io.BytesIO()
    number = write_export(corpus, file)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))
        found = {name: archive.read(name) for name in archive.namelist()}
    assert sum(name.startswith("articles/") for name in found) == number
    return found


def jsonl(articles: Sequence[Mapping[str, object]]) -> bytes:
    return "\n".join(json.dumps(article) for article in articles).encode()


@given(ARTICLES)
def test_every_text_is_read_back_as_it_was(articles: list[Article]) -> None:
    (lines,) = _parts(articles, Limits())
    read = readers.read(Document("articles.jsonl", lines, "jsonl"), "articles", Limits())
    assert [article.text for article in read.articles] == [article.text for article in articles]
    assert [article.title for article in read.articles] == [article.title for article in articles]
    assert [article.author for article in read.articles] == [article.author for article in articles]


@given(ARTICLES)
def test_the_markdown_is_read_back_too_but_for_the_space_around_it(articles: list[Article]) -> None:
    for article in articles:
        if "\0" in article.text:
            continue  # Such a file is taken for no text.
        document = Document("a.md", _markdown(article), "markdown")
        (read,) = readers.read(document, "a", Limits()).articles
        assert read.text == article.text.strip()
        assert (read.title, read.author) == (article.title, article.author)


@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(ARTICLES)
def test_a_collection_is_exported_and_added_again_word_for_word(
    opened: Corpora, articles: list[Article]
) -> None:
    content = jsonl([{"text": a.text, "title": a.title, "author": a.author} for a in articles])
    before, after = opened.server(1), opened.server(2)
    try:
        before.add(Upload("some.jsonl", content))
        files = exported(before)
        assert files["originals/some.jsonl"] == content
        after.add(Upload("articles.jsonl", files["articles.jsonl"]))
        wanted = [(article.text, article.title, article.author) for article in articles]
        for corpus in (before, after):
            found = corpus.inventory().articles().values()
            assert [(a.text, a.title, a.author) for a in found] == wanted
    finally:
        for server in (1, 2):
            opened.forget(server)


def test_pages_dates_and_links_are_kept_too(opened: Corpora) -> None:
    article = {
        "id": "7",
        "title": "The tower",
        "text": "The tower is tall.\n\nIt is old.",
        "source": "The Herald",
        "url": "https://example.org/tower",
        "author": "A. One",
        "published": "2014-06-02",
        "pages": [0, 20],
    }
    corpus = opened.server(3)
    corpus.add(Upload("tower.jsonl", jsonl([article])))
    files = exported(corpus)
    assert json.loads(files["articles.jsonl"]) == article | {"id": "tower-7"}
    assert files["articles/tower-7.md"].decode() == (
        "---\ntitle: The tower\nsource: The Herald\nauthor: A. One\npublished: '2014-06-02'\n"
        "url: https://example.org/tower\n---\n\nThe tower is tall.\n\nIt is old.\n"
    )


def test_the_same_articles_make_the_same_bytes_and_what_was_removed_is_left_out(
    opened: Corpora,
) -> None:
    corpus = opened.server(4)
    corpus.add(Upload("tower.md", b"The tower is tall."))
    first, second = io.BytesIO(), io.BytesIO()
    write_export(corpus, first)
    corpus.add(Upload("mill.md", b"The mill is old."))
    corpus.remove("mill")
    assert set(exported(corpus)) == {"articles.jsonl", "articles/tower.md", "originals/tower.md"}
    write_export(corpus, second)
    assert first.getvalue() == second.getvalue()


def test_an_upload_that_the_disk_has_damaged_is_left_out_with_a_warning(
    opened: Corpora, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = opened.server(5)
    corpus.add(Upload("tower.md", b"The tower is tall."))
    (kept,) = (opened.folder / "collections" / "server-5" / "originals").iterdir()
    kept.write_bytes(b"The tower is small.")
    assert set(exported(corpus)) == {"articles.jsonl", "articles/tower.md"}
    assert "tower.md is missing or damaged" in caplog.text


def test_an_empty_collection_is_an_empty_file(opened: Corpora) -> None:
    assert exported(opened.server(6)) == {"articles.jsonl": b""}


def test_before_the_first_build_the_sources_are_exported(
    encoder: SentenceTransformerEncoder, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "tower.md").write_text("The tower is tall.")
    with Corpora(tmp_path / "data", Answerer(encoder), [tmp_path], sandbox=sandbox) as corpora:
        assert "articles/tower.md" in exported(corpora.shared)


def test_more_than_one_file_is_read_of_is_split_between_articles() -> None:
    articles = [Article(str(n), "", "word " * 30) for n in range(10)]

    def ids(limits: Limits) -> list[list[str]]:
        return [
            [json.loads(line)["id"] for line in part.splitlines()]
            for part in _parts(articles, limits)
        ]

    assert ids(Limits(articles=4)) == [list("0123"), list("4567"), list("89")]
    assert ids(Limits(file_bytes=600)) == [
        list("01"),
        list("23"),
        list("45"),
        list("67"),
        list("89"),
    ]
    assert ids(Limits(file_bytes=1)) == [[str(n)] for n in range(10)]
    assert ids(Limits()) == [list("0123456789")]


@given(
    st.lists(
        st.one_of(
            st.text(max_size=300),
            st.sampled_from(
                [
                    *("..", "../../etc/passwd", "/etc/passwd", "C:\\x", "a/b", ".hidden", "", " "),
                    *("CON", "con.txt", "nul.md", "COM¹.tar", "a.", "a ", "A", "a", "é", "e\u0301"),
                    *("x" * 300 + ".pdf", "\u202efdp.exe", "a:b", "a\0b", "\ud800", "ﬁ", "fi"),
                ]
            ),
        ),
        max_size=8,
    )
)
def test_any_name_becomes_the_name_of_a_file_of_its_own_on_every_system(wanted: list[str]) -> None:
    names = _Names()
    taken = [names.take(name) for name in wanted]
    assert len({unicodedata.normalize("NFKC", name).casefold() for name in taken}) == len(wanted)
    for name in taken:
        assert name == PurePosixPath(name).name == PureWindowsPath(name).name
        assert not PureWindowsPath(name).is_reserved()
        assert not name.startswith((".", " "))
        assert not name.endswith((".", " "))
        assert len(name.encode()) <= 200
        assert not {unicodedata.category(character)[0] for character in name} & {"C"}


def test_usual_names_stay_as_they_are() -> None:
    names = _Names()
    wanted = ["report.pdf", "Über uns.docx", "新闻.txt", "archive.tar.gz", "no suffix"]
    assert [names.take(name) for name in wanted] == wanted
    assert names.take("Report.PDF") == "Report-2.PDF"


@pytest.mark.parametrize("taken", ["a file", "a folder with something in it"])
def test_a_folder_that_is_not_empty_is_left_alone(
    opened: Corpora, tmp_path: Path, taken: str
) -> None:
    path = tmp_path / "out"
    if "folder" in taken:
        path.mkdir()
        path = tmp_path
    else:
        path.write_text("mine")
    with pytest.raises(StorageError, match="not an empty folder"):
        export(opened.server(6), path)
    assert len(list(tmp_path.iterdir())) == 1


def test_an_archive_that_cannot_be_finished_leaves_the_old_one(
    opened: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.zip"
    path.write_bytes(b"old")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("retrieval.corpus.export.write_export", full)
    with pytest.raises(StorageError, match="No space left on device"):
        export(opened.server(6), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
