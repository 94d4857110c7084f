from __future__ import annotations

from hypothesis import given

from retrieval.readers import plain_text
from tests.strategies import texts


def title_of(content: str) -> str:
    return plain_text.read("the-file", content, "the-file.txt").title


def test_a_headline_is_the_title_and_stays_in_the_text() -> None:
    content = "Clashes in Benghazi\n\nFighting erupted at dawn."
    article = plain_text.read("clashes", content, "clashes.txt")
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
    article = plain_text.read("a", "Some text.", "a.txt")
    assert (article.source, article.url, article.author, article.published) == (None,) * 4


@given(texts)
def test_the_text_is_the_file_and_the_title_one_printable_line(content: str) -> None:
    article = plain_text.read("the-file", content, "the-file.txt")
    assert article.text == content
    assert article.title
    assert article.title.splitlines() == [article.title]
