"""What is found by an article's id only when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

Place = TypeVar("Place")
Found = TypeVar("Found")


class LookedUp(Mapping[str, Found], Generic[Place, Found]):
    """A mapping that knows where everything is, and holds nothing of it.

    Args:
        places: Where to look, by id.
        look_up: Gives what is to be found there, of an id and its place.
    """

    def __init__(self, places: Mapping[str, Place], look_up: Callable[[str, Place], Found]) -> None:
        self._places = places
        self._look_up = look_up

    def __getitem__(self, id_: str) -> Found:
        return self._look_up(id_, self._places[id_])

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._places
