"""What a reload did, article by article."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from retrieval.articles import Article
from retrieval.errors import ArticleError
from retrieval.phrases import joined, phrase

Outcome = Literal["added", "changed", "unchanged", "removed", "failed"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one article. ``reason`` is for people, and empty unless it failed."""

    article: str
    title: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a reload did.

    Attributes:
        encoded: How many passages were encoded; the others' encodings were at hand.
        notices: What the operator should know besides, as sentences.
    """

    changes: tuple[Change, ...]
    encoded: int
    seconds: float
    notices: tuple[str, ...] = ()

    def of(self, outcome: Outcome) -> list[Change]:
        """The changes with one outcome, in the corpus's order."""
        return [change for change in self.changes if change.outcome == outcome]

    def as_json(self) -> dict[str, Any]:
        """The report in the form that ``footnote corpus reload --json`` prints."""
        return {
            "changes": [
                {
                    "article": change.article,
                    "title": change.title,
                    "outcome": change.outcome,
                    "reason": change.reason or None,
                }
                for change in self.changes
            ],
            "encoded": self.encoded,
            "seconds": round(self.seconds, 3),
            "notices": list(self.notices),
        }


def compare(
    before: Mapping[str, Article],
    after: Mapping[str, Article],
    failures: Mapping[str, ArticleError],
) -> tuple[Change, ...]:
    """What changed from one set of articles to another, and which files failed between them."""
    changes = []
    for id_, article in after.items():
        if id_ in failures:
            continue
        old = before.get(id_)
        outcome: Outcome = (
            "added" if old is None else "unchanged" if old.digest == article.digest else "changed"
        )
        changes.append(Change(id_, article.title, outcome))
    for id_, error in failures.items():
        # The articles of a source that gives many have its id before their own.
        is_kept = id_ in after or any(other.startswith(f"{id_}-") for other in after)
        kept = phrase("The version read before is still served.") if is_kept else ""
        title = after[id_].title if id_ in after else error.name
        changes.append(Change(id_, title, "failed", joined((str(error), kept))))
    changes.extend(
        Change(id_, article.title, "removed") for id_, article in before.items() if id_ not in after
    )
    return tuple(changes)
