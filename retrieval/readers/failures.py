"""What cannot be read in a document of many articles: the first by name, the others by number."""

from __future__ import annotations

from typing import Final, Literal

from retrieval.errors import ArticleError
from retrieval.phrases import phrase, phrases

_NAMED: Final = 20


class Failures:
    """The failures in one document, which may be as many as it has lines."""

    def __init__(self, name: str, parts: Literal["lines", "entries"]) -> None:
        """
        Args:
            name: Of the document, in errors.
            parts: What it is made of.
        """
        self.count = 0
        self._name = name
        self._parts = parts
        self._named: list[ArticleError] = []
        self._end: tuple[ArticleError, ...] = ()

    def add(self, failure: ArticleError) -> None:
        """Count a failure."""
        self.count += 1
        if len(self._named) < _NAMED:
            self._named.append(failure)

    def end(self, failure: ArticleError) -> None:
        """Say why nothing further is read, below all that is named."""
        self._end = (failure,)

    def all(self) -> tuple[ArticleError, ...]:
        """The first failures, one that stands for the others, and why reading ended early."""
        others = self.count - len(self._named)
        rest = ArticleError(
            self._name,
            self._more(others),
            remedy=phrase("Correct those named first."),
        )
        return (*self._named, *((rest,) if others else ()), *self._end)

    def _more(self, count: int) -> str:
        if self._parts == "lines":
            return phrases(
                "{count} more line of {name} cannot be read.",
                "{count} more lines of {name} cannot be read.",
                count,
                name=self._name,
            )
        return phrases(
            "{count} more entry of {name} cannot be read.",
            "{count} more entries of {name} cannot be read.",
            count,
            name=self._name,
        )
