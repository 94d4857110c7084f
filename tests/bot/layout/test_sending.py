"""The judge that every message of these tests goes through refuses what Discord would."""

from __future__ import annotations

import pytest
from discord import ui

from tests.bot.layout.sending import assert_discord_takes
from tests.loopback.errors import ApiError


def of(*items: ui.Item[ui.LayoutView]) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view


@pytest.mark.parametrize(
    "view",
    [
        of(ui.TextDisplay("x" * 4001)),
        of(ui.TextDisplay("x" * 2500), ui.TextDisplay("x" * 2500)),
        of(ui.TextDisplay("")),
        of(ui.TextDisplay("one", id=7), ui.TextDisplay("two", id=7)),
        of(ui.Container()),
    ],
)
def test_what_discord_would_refuse_is_refused(view: ui.LayoutView) -> None:
    with pytest.raises(ApiError):
        assert_discord_takes(view)


def test_text_is_counted_as_strictly_as_it_may_be() -> None:
    with pytest.raises(AssertionError):
        assert_discord_takes(of(ui.TextDisplay("😀" * 2001)))
