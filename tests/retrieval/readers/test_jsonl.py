from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import readers
from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers import jsonl
from retrieval.readers.documents import Document, Reading
from tests.strategies import texts


def read(*lines: object, limits: Limits | None = None) -> Reading:
    content = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return jsonl.read(Document("a.jsonl", content.encode(), "jsonl"), "file", limits or Limits())


def only(**fields: Any) -> Article:
    (article,) = read({"text": "The text.", **fields}).articles
    return article


def problems(reading: Reading) -> list[str]:
    return [str(failure) for failure in reading.failures]


def test_a_line_is_an_article_with_all_that_is_said_of_it() -> None:
    article = only(
        id="Clashes 1",
        title="Clashes",
        source="CNN",
        url="https://example.org/a",
        author=["A. One", "B. Two"],
        published="2014-06-02",
        pages=[0, 4],
    )
    assert article == Article(
        id="file-clashes-1",
        title="Clashes",
        text="The text.",
        source="CNN",
        url="https://example.org/a",
        author="A. One, B. Two",
        published="2014-06-02",
        pages=(0, 4),
    )


@pytest.mark.parametrize("name", ["text", "content", "body"])
def test_the_text_may_be_called_what_others_call_it(name: str) -> None:
    (article,) = read({name: "The text.", "date": "2014"}).articles
    assert (article.text, article.published) == ("The text.", "2014")


def test_an_article_without_an_id_has_that_of_its_line() -> None:
    reading = read({"text": "One"}, "", " \t\r", {"text": "Two"}, "x", {"text": "Three"})
    assert [article.id for article in reading.articles] == ["file-1", "file-4", "file-6"]


def test_ids_stay_when_lines_are_added() -> None:
    lines = [{"text": "One"}, {"text": "Two", "id": "b"}, {"text": "Three"}]
    ids = [[article.id for article in read(*lines[:n]).articles] for n in (1, 2, 3)]
    assert ids == [["file-1"], ["file-1", "file-b"], ["file-1", "file-b", "file-3"]]


def test_a_long_id_is_cut_and_still_its_own() -> None:
    reading = read({"text": "One", "id": "x" * 5000}, {"text": "Two", "id": "x" * 5001})
    first, second = (article.id for article in reading.articles)
    assert first != second
    assert max(len(first), len(second)) < 100


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"title": "Given"}, "Given"),
        ({"title": 1984}, "1984"),
        ({"title": " "}, "File 1"),
        ({"title": {"a": 1}}, "File 1"),
        ({"text": "A headline\n\nThe text."}, "A headline"),
        ({"id": "on-cats"}, "On cats"),
        ({"title": "Bad\x1b[31m\nnews\ud800"}, "Bad[31m news"),
    ],
)
def test_a_title_is_one_line_that_is_always_there(fields: dict[str, Any], title: str) -> None:
    assert only(**fields).title == title


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://", "/a", 42, None, "https://a b"])
def test_a_url_that_is_no_web_address_is_left_out(url: object) -> None:
    assert only(url=url).url is None


@pytest.mark.parametrize("pages", [12, "1-2", [5, 1], [-1], [0, 99], [0.5], [True], ["0"], {}])
def test_pages_of_another_meaning_are_left_out(pages: object) -> None:
    assert only(pages=pages).pages == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("words", "Line 2 of a.jsonl cannot be read. It is not JSON: Expecting value"),
        ('{"text": "open', "It is not JSON: Unterminated string"),
        ('["text"]', "It is not an object."),
        ("null", "It is not an object."),
        ("{}", "It has no field 'text'"),
        ('{"text": 42}', "It has no field 'text'"),
        ('{"text": " \\n"}', "It has no field 'text'"),
        ("[" * 100_000, "It is nested too deeply."),
        ('{"text": "a", "id": ' + "9" * 5000 + "}", "It holds a number that is too long."),
    ],
)
def test_a_wrong_line_is_named_and_the_others_are_read(line: str, reason: str) -> None:
    reading = read({"text": "One"}, line, {"text": "Three"})
    assert [article.text for article in reading.articles] == ["One", "Three"]
    (problem,) = problems(reading)
    assert "Line 2 of a.jsonl" in problem
    assert reason in problem
    assert reading.failures[0].remedy


def test_of_two_articles_with_one_id_the_first_is_read() -> None:
    reading = read({"text": "One", "id": "A b"}, {"text": "Two", "id": "a-B"})
    assert [article.text for article in reading.articles] == ["One"]
    assert "Line 2 of a.jsonl cannot be read. It has the same id as line 1." in problems(reading)[0]


def test_of_many_wrong_lines_the_first_are_named_and_the_others_counted() -> None:
    reading = read(*["x"] * 100, {"text": "One"})
    assert len(reading.articles) == 1
    assert len(reading.failures) == 21
    assert problems(reading)[-1].startswith("80 more lines of a.jsonl cannot be read.")


def test_no_more_articles_and_no_more_wrong_lines_are_read_than_the_limit() -> None:
    few = Limits(articles=30)
    reading = read(*[{"text": "One"}] * 40, limits=few)
    assert len(reading.articles) == 30
    assert problems(reading)[-1].startswith("a.jsonl is not read from line 31 on.")
    reading = read(*["x"] * 40, {"text": "One"}, limits=few)
    assert reading.articles == ()
    assert problems(reading)[-1].startswith("a.jsonl is not read from line 31 on.")


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_a_file_without_lines_is_refused(content: str) -> None:
    with pytest.raises(ArticleError, match=r"a\.jsonl holds no text"):
        read(content)


def test_a_file_whose_one_line_is_wrong_is_refused() -> None:
    with pytest.raises(ArticleError, match=r"Line 1 of a\.jsonl"):
        readers.read(Document("a.jsonl", b"{}", "jsonl"), "a", Limits())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_windows_writes_is_read(encoding: str) -> None:
    content = '{"text": "Wörter"}\r\n{"text": "Mehr"}\r\n'.encode(encoding)
    reading = jsonl.read(Document("a.jsonl", content, "jsonl"), "a", Limits())
    assert [article.text for article in reading.articles] == ["Wörter", "Mehr"]


any_character = st.characters(exclude_categories=())
"""Halves of surrogate pairs and zero bytes too."""


@given(
    st.one_of(texts, st.text(any_character, max_size=60)).filter(lambda text: text.strip()),
    st.lists(st.integers(0, 60), max_size=4).map(sorted),
    st.booleans(),
)
def test_what_is_exported_is_read_back_exactly(text: str, pages: list[int], escape: bool) -> None:
    pages = [page for page in pages if page <= len(text)]
    if not escape:
        text = text.encode("utf-8", "replace").decode()
    line = json.dumps({"id": "a", "title": "T", "text": text, "pages": pages}, ensure_ascii=escape)
    (article,) = read(line).articles
    assert article == Article("file-a", "T", text, pages=tuple(pages))
