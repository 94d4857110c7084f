"""What cannot be read in a document of many articles: the first by name, the others by number."""

from __future__ import annotations

from typing import Final

from retrieval.errors import ArticleError

_NAMED: Final = 20


class Failures:
    """The failures in one document, which may be as many as it has lines."""

    def __init__(self, name: str, parts: str) -> None:
        """
        Args:
            name: Of the document, in errors.
            parts: What it is made of, such as "lines".
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
            f"{others:,} more {self._parts} of {self._name} cannot be read.",
            remedy="Correct those named first.",
        )
        return (*self._named, *((rest,) if others else ()), *self._end)
