"""Articles of a segment: bit for bit what was put in, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.articles import Article
from retrieval.corpus.segment_articles import (
    RECORDS,
    ArticlesInMemory,
    SegmentArticles,
    StoredArticles,
)
from retrieval.engines.embedded import columns
from retrieval.errors import DamagedError
from retrieval.languages import Language

any_text = st.text(st.characters(exclude_categories=()), max_size=30)
"""With surrogates, one half after the other too, and NUL."""
maybe = st.none() | any_text
languages = st.sampled_from(["en", "ar", "ja"]).map(Language)
articles = st.builds(
    Article,
    id=st.text(min_size=1, max_size=8),
    title=any_text,
    text=any_text,
    source=maybe,
    url=maybe,
    author=maybe,
    published=maybe,
    pages=st.lists(st.integers(0, 2**40), max_size=3).map(tuple),
)
several = st.lists(st.tuples(articles, languages), max_size=5, unique_by=lambda known: known[0].id)
Known = Sequence[tuple[Article, Language]]


def assert_same(found: SegmentArticles, given_: Known) -> None:
    assert list(found) == [article.id for article, _ in given_]
    assert len(found) == len(given_)
    assert "unknown id" not in found
    for article, language in given_:
        assert article.id in found
        assert found[article.id] == article
        assert found.language(article.id) == language
        assert found.digest(article.id) == article.digest
        assert found.length(article.id) == len(article.text)


@pytest.mark.parametrize("mapped_from", [1, 1 << 20], ids=["mapped", "read"])
@settings(max_examples=60)
@given(known=several.filter(bool))
def test_any_article_comes_back_bit_for_bit(mapped_from: int, known: Known) -> None:
    assert_same(ArticlesInMemory(known), known)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_MAPPED_FROM", mapped_from)
        StoredArticles.write(Path(folder), known)
        assert_same(StoredArticles(Path(folder)), known)


HOSTILE = ("\ud83d\ude00", "\ude00\ud83d", "\0", "\r\n\r", "\u2028", "\ufeff", "\U0010ffff", "")


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_text_that_other_formats_change_is_not_changed(tmp_path: Path, text: str) -> None:
    known = [(Article("a", text, text, url=text), Language("en"))]
    StoredArticles.write(tmp_path, known)
    assert_same(StoredArticles(tmp_path), known)


def test_huge_articles_are_read_like_small_ones(tmp_path: Path) -> None:
    known = [
        (Article("before", "B", "small"), Language("en")),
        (Article("huge", "H", "é\0\U0001f600 " * 300_000), Language("ar")),
        (Article("after", "A", "small too"), Language("en")),
    ]
    StoredArticles.write(tmp_path, known)
    found = StoredArticles(tmp_path)
    assert_same(found, known)
    assert found["huge"] is not found["huge"], "it does not stay in memory"
    assert found["after"] is found["after"]


def test_an_unknown_article_is_missing(tmp_path: Path) -> None:
    known = [(Article("a", "A", "text"), Language("en"))]
    StoredArticles.write(tmp_path, known)
    for found in (ArticlesInMemory(known), StoredArticles(tmp_path)):
        for read in (found.__getitem__, found.language, found.digest, found.length):
            with pytest.raises(KeyError):
                read("b")


TEXTS = ("The bridge was opened.", "Nobody came.", "It rained all day; é.")
THREE = [(Article(f"a{n}", f"T{n}", text), Language("en")) for n, text in enumerate(TEXTS)]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("mapped_from", [1, 1 << 20], ids=["mapped", "read"])
def test_an_article_whose_bytes_were_changed_is_refused_and_the_others_are_read(
    mapped_from: int, data: st.DataObject
) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_MAPPED_FROM", mapped_from)
        folder = Path(name)
        StoredArticles.write(folder, THREE)
        starts = columns.open_columns(folder / "articles")["starts"].tolist()
        content = bytearray((folder / RECORDS).read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        (folder / RECORDS).write_bytes(content)
        found = StoredArticles(folder)
        for number, (article, language) in enumerate(THREE):
            if starts[number] <= place < starts[number + 1]:
                with pytest.raises(DamagedError, match=f"article {number} "):
                    found[article.id]
                with pytest.raises(DamagedError):
                    found.language(article.id)
            else:
                assert (found[article.id], found.language(article.id)) == (article, language)
            assert found.digest(article.id) == article.digest
