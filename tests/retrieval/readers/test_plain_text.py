from __future__ import annotations

from hypothesis import given

from retrieval.articles import Article
from retrieval.limits import Limits
from retrieval.readers import plain_text
from retrieval.readers.documents import Document
from tests.strategies import texts


def read(content: str, url: str | None = None) -> Article:
    document = Document("the-file.txt", content.encode(), "text", url)
    (article,) = plain_text.read(document, "the-file", Limits()).articles
    return article


def title_of(content: str) -> str:
    return read(content).title


def test_a_headline_is_the_title_and_stays_in_the_text() -> None:
    content = "Clashes in Benghazi\n\nFighting erupted at dawn."
    article = read(content)
    assert article.title == "Clashes in Benghazi"
    assert article.text == content


def test_without_a_headline_the_file_gives_the_title() -> None:
    assert title_of("Fighting erupted at dawn.\n\nIt went on.") == "The file"
    assert title_of("One line alone") == "The file"


def test_a_headline_of_control_characters_leaves_the_title_clean() -> None:
    assert (
        title_of("Clashes\x1b[31m in\tBenghazi\n\nFighting erupted.") == "Clashes[31m in Benghazi"
    )


def test_nothing_is_known_of_its_origin() -> None:
    article = read("Some text.")
    assert (article.source, article.url, article.author, article.published) == (None,) * 4


def test_a_text_that_was_fetched_knows_from_where() -> None:
    assert read("Some text.", "https://example.org/a.txt").url == "https://example.org/a.txt"


@given(texts.filter(lambda text: "\0" not in text))
def test_the_text_is_the_file_and_the_title_one_printable_line(content: str) -> None:
    article = read(content)
    assert article.text == content.removeprefix("\ufeff")
    assert article.title
    assert article.title.splitlines() == [article.title]
