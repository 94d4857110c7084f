"""What stands in the custom ids of buttons and menus, by which a later process knows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from discord import ui
from hypothesis import given
from hypothesis import strategies as st

from bot.access import COLLECTIONS
from bot.views.answers import ANSWER_BUTTONS
from bot.views.answers.showing import ShowButton
from bot.views.changes import (
    RemovalButton,
    UndoButton,
    removal_question,
    undo_button,
    undo_of_addition,
)
from bot.views.collection import CollectionPageButton
from bot.views.insights import INSIGHTS_ITEMS
from bot.views.lasting import LastingItem
from bot.views.marks import MOST, marks_of, named_by
from bot.views.privacy import ForgetButton
from bot.views.setup import SETUP_ITEMS
from bot.views.sources import PageButton
from retrieval.corpus import Change, Report
from tests.bot.texts import hostile_texts

NAMES = st.lists(st.text(min_size=1) | hostile_texts(), min_size=1, max_size=MOST, unique=True)
KINDS: tuple[type[LastingItem[Any]], ...] = (
    *ANSWER_BUTTONS,
    *INSIGHTS_ITEMS,
    *SETUP_ITEMS,
    CollectionPageButton,
    ForgetButton,
    PageButton,
    RemovalButton,
    ShowButton,
    UndoButton,
)
SENT_BEFORE = (
    "footnote:context:aB3-_xy:0:999999999:Zz09-_a",
    "footnote:delete:1",
    "footnote:drop:shared:aB3-_xyaB3-_xy",
    "footnote:follow:...",
    "footnote:follow:aB3-_xy.aB3-_xy.20140101.20141231",
    "footnote:forget:delete:18446744073709551615",
    "footnote:forget:keep:1",
    "footnote:insights:done:30:0:9223372036854775807",
    "footnote:insights:export:90",
    "footnote:insights:next:7:1",
    "footnote:insights:period",
    "footnote:insights:previous:7:0",
    "footnote:keep:server:1:aB3-_xy",
    "footnote:list:next:server:1",
    "footnote:list:previous:shared:999999",
    "footnote:passages:go:2:...",
    "footnote:passages:more:0:aB3-_xy...",
    "footnote:passages:next:1:...",
    "footnote:passages:previous:0:...20141231",
    "footnote:remove:shared:1:aB3-_xy",
    "footnote:setup:again:on",
    "footnote:setup:auto_channels",
    "footnote:setup:auto_forums",
    "footnote:setup:ignored_channels",
    "footnote:setup:ignored_members",
    "footnote:setup:ignored_roles",
    "footnote:setup:language",
    "footnote:setup:limits",
    "footnote:setup:manager_roles",
    "footnote:setup:section",
    "footnote:setup:shared:off",
    "footnote:setup:style",
    "footnote:share:1",
    "footnote:show:1",
    "footnote:sources:next:1",
    "footnote:sources:previous:0",
    "footnote:tell:1",
    "footnote:undo:server:aB3-_xy",
    "footnote:vote:down:1",
    "footnote:vote:up:1",
)
"""As they stand in messages in Discord, which no update reaches."""
SERVERS = st.none() | st.integers(0, 2**64 - 1)


def custom_ids(view: ui.View | None) -> list[str]:
    return [str(item.custom_id) for item in view.children] if view else []  # type: ignore[attr-defined]


@pytest.mark.parametrize("custom_id", SENT_BEFORE)
def test_what_was_sent_before_an_update_is_known_after_it(custom_id: str) -> None:
    found = [item for kind in KINDS if (item := kind.again(custom_id)) is not None]
    assert [item.custom_id for item in found] == [custom_id]


def test_every_kind_is_among_what_was_sent_before() -> None:
    for kind in KINDS:
        assert any(kind.again(custom_id) for custom_id in SENT_BEFORE), kind


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
