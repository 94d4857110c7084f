"""What stands in the custom ids of buttons, within the hundred characters that Discord takes."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.access import COLLECTIONS
from bot.views.changes import removal_question, undo_button, undo_of_addition
from bot.views.marks import MOST, marks_of, named_by
from retrieval.corpus import Change, Report
from tests.bot.texts import hostile_texts

NAMES = st.lists(st.text(min_size=1) | hostile_texts(), min_size=1, max_size=MOST, unique=True)
SERVERS = st.none() | st.integers(0, 2**64 - 1)


def custom_ids(view: ui.View | None) -> list[str]:
    return [str(item.custom_id) for item in view.children] if view else []  # type: ignore[attr-defined]


@given(NAMES, SERVERS)
def test_a_mark_finds_what_it_was_made_of_and_nothing_else(
    names: list[str], server: int | None
) -> None:
    marks = marks_of(server, names[::2])
    assert named_by(marks, server, names) == names[::2]


@given(NAMES)
def test_a_mark_means_nothing_in_another_collection(names: list[str]) -> None:
    assert named_by(marks_of(1, names), 2, names) == []
    assert named_by(marks_of(1, names), None, names) == []


@given(NAMES, SERVERS, st.sampled_from(list(COLLECTIONS)), st.integers(0, 2**64 - 1))
async def test_no_button_says_more_than_discord_takes(
    names: list[str], server: int | None, collection: str, user: int
) -> None:
    for view in (
        removal_question(collection, server, user, names[0]),
        undo_button("removal", collection, server, names),
        undo_button("addition", collection, server, names),
    ):
        found = custom_ids(view)
        assert found
        assert all(len(custom_id) <= 100 for custom_id in found)


@pytest.mark.parametrize("names", [[], [str(number) for number in range(MOST + 1)]])
async def test_there_is_no_undo_of_nothing_or_of_too_much(names: Iterable[str]) -> None:
    changes = tuple(Change(name, name, "added") for name in names)
    assert undo_of_addition(Report(changes, 0, 0.0), "server", 1) is None


async def test_what_was_replaced_is_not_undone_by_removing_it() -> None:
    changes = (Change("a", "A", "added"), Change("b", "B", "changed"))
    assert undo_of_addition(Report(changes, 0, 0.0), "server", 1) is None
    assert undo_of_addition(Report(changes[:1], 0, 0.0), "server", 1) is not None
