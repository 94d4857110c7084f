from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.readers import markdown
from retrieval.readers.documents import Document
from tests.strategies import texts


def read(content: str, url: str | None = None) -> Article:
    document = Document("the-file.md", content.encode(), "markdown", url)
    (article,) = markdown.read(document, "the-file", Limits()).articles
    return article


def read_fields(front_matter: str) -> Article:
    return read(f"---\n{front_matter}\n---\nThe text.")


def test_front_matter_says_where_the_text_is_from() -> None:
    article = read(
        "---\ntitle: Clashes\nsource: CNN\nauthor: [A. One, B. Two]\n"
        "published: 2014-06-02\nurl: https://example.org/a\n---\n\n# Clashes\n\nThe text.\n"
    )
    assert article == Article(
        id="the-file",
        title="Clashes",
        text="# Clashes\n\nThe text.",
        source="CNN",
        author="A. One, B. Two",
        published="2014-06-02",
        url="https://example.org/a",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_understood(end: str) -> None:
    article = read(end.join(["---", "title: Clashes", "---", "The text.", "", "More."]))
    assert article.title == "Clashes"
    assert article.text == end.join(["The text.", "", "More."])


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Text.\n\n# The heading ##\n\nMore.", "The heading"),
        ("# C#\n\nText.", "C#"),
        ("Text.\r# The heading\rMore.", "The heading"),
        ("## Not this\n\nText.", "The file"),
        ("---\ntitle: ''\n---\n# The heading\n\nText.", "The heading"),
        ("#hashtag\n\nText.", "The file"),
    ],
)
def test_without_a_title_the_heading_or_the_file_gives_it(content: str, title: str) -> None:
    assert read(content).title == title


@pytest.mark.parametrize(
    "written",
    ["No", "1984", "0o17", "12:30:45", "1_000", "1e3", "2014-13-45", "yes", "3.10", "=", "<<"],
)
def test_a_value_is_quoted_as_it_is_written(written: str) -> None:
    assert read_fields(f"title: {written}").title == written
    assert read_fields(f"published: {written}").published == written


@pytest.mark.parametrize("written", ["", "null", "~", "''", '" "', "[]", "!!null x"])
def test_an_empty_value_is_none(written: str) -> None:
    assert read_fields(f"author: {written}").author is None


def test_a_value_is_one_line_without_control_characters() -> None:
    article = read_fields('title: "Bad\\x1b[31m\\nnews\\u0085 today\\ud800"\nauthor: |\n  A\n  B\n')
    assert article.title == "Bad[31m news today"
    assert article.author == "A B"


@pytest.mark.parametrize("written", ["{a: b}", "[a, [b]]", "[{a: b}]"])
def test_a_value_that_is_not_plain_is_refused(written: str) -> None:
    with pytest.raises(ArticleError, match=r"the-file\.md has no plain value for 'author'"):
        read_fields(f"author: {written}")


@pytest.mark.parametrize(
    "front_matter",
    [
        "title: [",
        "title: 'open",
        "\ttitle: x",
        "title: a: b",
        "a: *unknown",
        "title: x\x07",
        'title: "\\UFFFFFFFF"',
        "[" * 5000,
        "{a: " * 4000,
        "%TAG\ntitle: x",
    ],
)
def test_what_is_not_yaml_is_refused_by_name(front_matter: str) -> None:
    with pytest.raises(ArticleError, match=r"front matter of the-file\.md is not YAML") as caught:
        read_fields(front_matter)
    assert caught.value.remedy
    assert caught.value.why.endswith(".")


def test_the_error_names_the_line_of_the_file() -> None:
    with pytest.raises(ArticleError, match="Line 3: "):
        read("---\ntitle: x\nauthor: a: b\nsource: s\n---\nText.")


def test_an_alias_bomb_is_not_expanded() -> None:
    layers = "\n".join(
        f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 12)
    )
    lists = "\n".join(f"m{n}: &m{n} [{', '.join([f'*m{n - 1}'] * 9)}]" for n in range(1, 12))
    article = read_fields(f"l0: &l0 {{x: y}}\n{layers}\nm0: &m0 [a]\n{lists}\ntitle: Safe")
    assert article.title == "Safe"


@pytest.mark.parametrize("written", ["!!python/object:os.system x", "!!timestamp x", "!!int x"])
def test_a_tag_constructs_nothing(written: str) -> None:
    assert read_fields(f"title: {written}").title == "x"


def test_front_matter_of_a_book_is_refused() -> None:
    with pytest.raises(ArticleError, match="too long"):
        read_fields("title: x\n" * 5000)


def test_front_matter_without_end_is_refused() -> None:
    with pytest.raises(ArticleError, match=r"front matter of the-file\.md has no end"):
        read("---\ntitle: Clashes\n\nThe text.")


def test_a_rule_at_the_top_is_text() -> None:
    assert read("---\nThe text. It goes on").text == "---\nThe text. It goes on"


@pytest.mark.parametrize("front_matter", ["just words", "- a\n- b", "42"])
def test_front_matter_without_fields_is_refused(front_matter: str) -> None:
    with pytest.raises(ArticleError, match="holds no fields"):
        read_fields(front_matter)


@pytest.mark.parametrize("front_matter", ["", "# a comment alone", "draft: true"])
def test_front_matter_may_say_nothing(front_matter: str) -> None:
    article = read_fields(front_matter)
    assert (article.title, article.text) == ("The file", "The text.")


@pytest.mark.parametrize("content", ["{\n1\n}\nThe text.", "+++\na = 1\n+++\nThe text."])
def test_other_front_matter_is_text(content: str) -> None:
    assert read(content).text == content


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "www.example.org",
        "ftp://example.org",
        "https://",
        "http:///path",
        "https://[::1",
        "https://a b.org",
        "https://example.org/<script>",
        "42",
    ],
)
def test_a_url_that_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ArticleError, match=r"url of the-file\.md is not a web address"):
        read_fields(f"url: {url}")


@pytest.mark.parametrize("url", ["HTTPS://example.org/ü?a=b#c", "http://[::1]:8080/"])
def test_a_web_address_is_kept(url: str) -> None:
    assert read_fields(f"url: {url}").url == url


def test_the_address_is_the_front_matters_else_where_the_file_was_fetched_from() -> None:
    fetched = "https://example.org/raw/a.md"
    assert read("Text.", fetched).url == fetched
    assert read("---\nurl: https://example.org/a\n---\nText.", fetched).url == (
        "https://example.org/a"
    )


@given(texts.filter(lambda text: "\0" not in text))
def test_below_front_matter_the_text_is_as_it_is_written(text: str) -> None:
    assert read(f"---\ntitle: x\n---\n{text}").text == text.strip()


@given(st.text(max_size=60), texts)
def test_any_front_matter_is_read_or_refused(front_matter: str, text: str) -> None:
    try:
        article = read(f"---\n{front_matter}\n---\n{text}")
    except ArticleError as error:
        shown: tuple[str | None, ...] = (str(error),)
        named = error.name
    else:
        shown = (article.title, article.source, article.author, article.published, article.url)
        named = "the-file.md"
    assert named == "the-file.md"
    for value in filter(None, shown):
        assert not {unicodedata.category(c) for c in value} & {"Cc", "Cs"}
