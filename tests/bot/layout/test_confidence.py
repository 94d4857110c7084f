"""How sure an answer is, in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rendering.confidence import Certainty, certainty, confidence_words

ORDER = [Certainty.NO_ANSWER, Certainty.UNSURE, Certainty.LIKELY, Certainty.SURE]


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        (0.24, Certainty.NO_ANSWER),
        (0.25, Certainty.UNSURE),
        (0.49, Certainty.UNSURE),
        (0.51, Certainty.LIKELY),
        (0.76, Certainty.SURE),
        (1.0, Certainty.SURE),
        (math.nan, Certainty.NO_ANSWER),
    ],
)
def test_the_bands_divide_what_lies_above_the_threshold(
    confidence: float, expected: Certainty
) -> None:
    assert certainty(confidence, 0.25) is expected


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_confidence_never_sounds_less_sure(one: float, other: float, threshold: float) -> None:
    low, high = sorted((one, other))
    assert ORDER.index(certainty(low, threshold)) <= ORDER.index(certainty(high, threshold))


@given(st.floats(0, 1), st.floats(0, 1))
def test_every_answer_has_words_and_no_number(confidence: float, threshold: float) -> None:
    words = confidence_words(confidence, threshold)
    assert bool(words) == (confidence >= threshold)
    assert not any(character.isdigit() for character in words)
