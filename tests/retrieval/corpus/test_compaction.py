"""Which segments are made anew: few segments, and little work."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.corpus import compaction
from retrieval.corpus.compaction import Size, made_anew

SMALL = 10


@pytest.fixture(autouse=True)
def small_collections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "SMALL", SMALL)


@dataclass
class Collection:
    """Passages by number, and the segments that they are in.

    Attributes:
        held: Which passages there are.
        segments: All passages of each, those that are gone too.
        work: How many passages were put into a segment so far.
    """

    held: set[int] = field(default_factory=set)
    segments: list[frozenset[int]] = field(default_factory=list)
    work: int = 0
    _last: int = 0

    def change(self, add: int, gone: set[int]) -> None:
        fresh = set(range(self._last, self._last + add))
        self._last += add
        self.held = (self.held - gone) | fresh
        sizes = [Size(len(each & self.held), len(each)) for each in self.segments]
        anew = made_anew(sizes, add)
        assert anew <= set(range(len(self.segments)))
        made = fresh.union(*(self.segments[number] & self.held for number in anew))
        self.segments = [each for n, each in enumerate(self.segments) if n not in anew]
        if made:
            self.segments.append(frozenset(made))
        self.work += len(made)

    def check(self) -> None:
        served = [passage for each in self.segments for passage in each & self.held]
        assert sorted(served) == sorted(self.held), "each is in exactly one segment"
        assert all(each & self.held for each in self.segments), "an empty one is dropped"
        if len(self.held) <= SMALL:
            assert len(self.segments) <= 1
            assert not self.segments or self.segments[0] == self.held
        else:
            assert len(self.segments) <= math.log2(len(self.held) / SMALL) + 3
            assert sum(len(each) < SMALL for each in self.segments) <= 1, "small ones are made one"
        for each in self.segments:
            assert len(each & self.held) >= 0.75 * len(each), "what is gone takes no more room"


changes = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 3), st.integers(0, 200)),
        st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 0.2), st.floats(0, 1)),
        st.randoms(use_true_random=False),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=150)
@given(changes=changes)
def test_after_any_changes_each_passage_is_in_exactly_one_of_few_segments(
    changes: list[tuple[int, float, object]],
) -> None:
    collection = Collection()
    for add, share, random in changes:
        held = sorted(collection.held)
        gone = random.sample(held, int(share * len(held)))  # type: ignore[attr-defined]
        collection.change(add, set(gone))
        collection.check()


@pytest.mark.parametrize("each", [1, 3, SMALL, 10 * SMALL])
def test_a_collection_that_grows_puts_a_passage_into_few_segments_in_its_life(each: int) -> None:
    collection = Collection()
    changes = 300
    for _ in range(changes):
        collection.change(each, set())
        collection.check()
    total = len(collection.held)
    # Each doubling once, and in each change the small ones.
    assert collection.work <= total * (math.log2(total / SMALL) + 1) + changes * SMALL


@pytest.mark.parametrize("sizes", [(1000, 300, 90, 27, 9, 3), (3, 9, 27, 90, 300, 1000)])
def test_sizes_that_fall_steeply_leave_few_segments_too(sizes: tuple[int, ...]) -> None:
    collection = Collection()
    for size in sizes:
        collection.change(size, set())
        collection.check()


def test_one_that_is_whole_is_left_alone() -> None:
    assert made_anew([Size(5, 5)], 0) == set()
    assert made_anew([Size(100, 100), Size(30, 30)], 0) == set()
    assert made_anew([], 0) == set()


def test_in_a_large_collection_what_is_gone_is_only_marked_until_it_is_a_quarter() -> None:
    assert made_anew([Size(75, 100)], 0) == set()
    assert made_anew([Size(74, 100)], 0) == {0}
    assert made_anew([Size(99, 100)], 1) == set()


def test_a_small_collection_is_made_anew_at_each_change() -> None:
    assert made_anew([Size(8, 8)], 2) == {0}
    assert made_anew([Size(7, 8)], 0) == {0}
    assert made_anew([Size(8, 8), Size(1, 1)], 0) == {0, 1}
    assert made_anew([Size(8, 8)], 3) == {0}, "it grows beyond, and is small itself"
    assert made_anew([Size(9, 100)], 0) == {0}


def test_a_segment_much_larger_than_what_is_new_is_left_alone() -> None:
    assert made_anew([Size(300, 300)], 100) == set()
    assert made_anew([Size(299, 299)], 100) == {0}
    # What was made one with another is larger than what was new.
    assert made_anew([Size(399, 399), Size(150, 150)], 60) == {0, 1}
