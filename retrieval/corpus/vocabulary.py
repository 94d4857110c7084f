"""The words of several vocabularies as those of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import filterfalse


class Vocabulary(Collection[str]):
    """The words of several vocabularies, each once. Only the repeated ones are kept in it."""

    def __init__(self, parts: Sequence[Collection[str]]) -> None:
        self._parts = tuple(parts)

    def __contains__(self, word: object) -> bool:
        return any(word in part for part in self._parts)

    def __iter__(self) -> Iterator[str]:
        for part, repeated in zip(self._parts, self._repeated, strict=True):
            yield from filterfalse(repeated.__contains__, part)

    def __len__(self) -> int:
        return sum(map(len, self._parts)) - sum(map(len, self._repeated))

    @cached_property
    def _repeated(self) -> tuple[frozenset[str], ...]:
        """The words of each part that a part before it has too."""
        return tuple(
            frozenset(word for before in self._parts[:number] for word in before if word in part)
            for number, part in enumerate(self._parts)
        )
