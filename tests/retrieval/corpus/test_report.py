from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from retrieval.articles import Article
from retrieval.corpus.report import Change, Report, compare
from retrieval.errors import ArticleError

A, B, C = (Article(id=name, title=name.upper(), text=f"Text {name}.") for name in "abc")
BROKEN = ArticleError("b.md", "b.md is not UTF-8 text.", remedy="Save it as UTF-8.")


def by_id(*articles: Article) -> dict[str, Article]:
    return {article.id: article for article in articles}


def _with(article: Article, field: str, value: Any) -> Article:
    return replace(article, **{field: value})


def test_each_article_has_one_outcome() -> None:
    changes = compare(by_id(A, B), by_id(A, replace(B, text="New."), C), {})
    assert changes == (
        Change("a", "A", "unchanged"),
        Change("b", "B", "changed"),
        Change("c", "C", "added"),
    )
    assert compare(by_id(A, B), by_id(B), {}) == (
        Change("b", "B", "unchanged"),
        Change("a", "A", "removed"),
    )


@pytest.mark.parametrize("field", ["title", "text", "source", "url", "author", "published"])
def test_a_change_of_anything_shown_is_a_change(field: str) -> None:
    changed = _with(A, field, "another")
    assert [c.outcome for c in compare(by_id(A), by_id(changed), {})] == ["changed"]


def test_new_pages_are_a_change() -> None:
    changed = replace(A, pages=(0, 3))
    assert [c.outcome for c in compare(by_id(A), by_id(changed), {})] == ["changed"]


def test_fields_cannot_trade_places_unseen() -> None:
    one, other = replace(A, source="x", author=None), replace(A, source=None, author="x")
    assert [c.outcome for c in compare(by_id(one), by_id(other), {})] == ["changed"]


def test_a_broken_file_whose_old_version_serves_says_so() -> None:
    (change,) = [c for c in compare(by_id(A, B), by_id(A, B), {"b": BROKEN}) if c.article == "b"]
    assert change == Change(
        "b",
        "B",
        "failed",
        "b.md is not UTF-8 text. Save it as UTF-8. The version read before is still served.",
    )


def test_a_broken_file_that_never_served_is_named_by_its_file() -> None:
    assert compare({}, by_id(A), {"b": BROKEN})[-1] == Change(
        "b", "b.md", "failed", "b.md is not UTF-8 text. Save it as UTF-8."
    )


def test_a_report_lists_changes_by_outcome_and_as_json() -> None:
    changes = compare(by_id(A), by_id(A, C), {"b": BROKEN})
    report = Report(changes, encoded=3, seconds=1.23456, notices=("Mind the gap.",))
    assert [c.article for c in report.of("added")] == ["c"]
    assert report.of("removed") == []
    assert report.as_json() == {
        "changes": [
            {"article": "a", "title": "A", "outcome": "unchanged", "reason": None},
            {"article": "c", "title": "C", "outcome": "added", "reason": None},
            {"article": "b", "title": "b.md", "outcome": "failed", "reason": str(BROKEN)},
        ],
        "encoded": 3,
        "seconds": 1.235,
        "notices": ["Mind the gap."],
    }
