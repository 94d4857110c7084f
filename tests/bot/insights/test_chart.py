"""The chart of what was asked day by day."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.insights import draw_chart
from bot.store import Day

FIRST = date(2026, 1, 1)


def opened(picture: bytes) -> Image.Image:
    return Image.open(BytesIO(picture)).convert("RGB")


def share(picture: bytes, colour: str) -> float:
    """How much of the picture is of a colour."""
    image = opened(picture)
    wanted = tuple(bytes.fromhex(colour.removeprefix("#")))
    colours = image.getcolors(image.width * image.height) or []
    return sum(n for n, found in colours if found == wanted) / (image.width * image.height)


def test_answered_and_others_are_seen_apart() -> None:
    days = [Day(FIRST, 4, 3), Day(FIRST + timedelta(days=2), 4, 3)]
    picture = draw_chart(days, FIRST, FIRST + timedelta(days=6))
    answered, others = share(picture, "#4f9df7"), share(picture, "#f0a33c")
    assert answered == pytest.approx(3 * others, rel=0.1)


def test_where_nothing_was_asked_there_are_no_bars() -> None:
    picture = draw_chart([], FIRST, FIRST + timedelta(days=29))
    assert share(picture, "#4f9df7") == share(picture, "#f0a33c") == 0


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(0, 89), st.integers(1, 10**7), st.floats(0, 1)), max_size=20),
    st.sampled_from([7, 30, 90]),
)
def test_any_days_can_be_drawn(found: list[tuple[int, int, float]], length: int) -> None:
    days = {
        place: Day(FIRST + timedelta(days=place), asked, int(asked * part))
        for place, asked, part in found
    }
    picture = draw_chart(list(days.values()), FIRST, FIRST + timedelta(days=length - 1))
    assert opened(picture).size == (1200, 420)
    assert len(picture) < 200_000
