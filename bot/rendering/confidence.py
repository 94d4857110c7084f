"""How sure an answer is, in words: a bare number says less than it seems to."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from bot.languages import t

_SURE_FROM: Final = 2 / 3
_LIKELY_FROM: Final = 1 / 3


class Certainty(Enum):
    """How far a confidence stands above the threshold from which a question is answered."""

    SURE = auto()
    LIKELY = auto()
    UNSURE = auto()
    NO_ANSWER = auto()


def certainty(confidence: float, threshold: float) -> Certainty:
    """The band of a confidence: what lies above the threshold is cut into three equal ones.

    Args:
        confidence: The calibrated probability that the answer is right, from 0 to 1.
        threshold: From where a question counts as answered, as the answerer was given it.
    """
    if not confidence >= threshold:
        return Certainty.NO_ANSWER
    above = (confidence - threshold) / (1 - threshold) if threshold < 1 else 1.0
    if above >= _SURE_FROM:
        return Certainty.SURE
    return Certainty.LIKELY if above >= _LIKELY_FROM else Certainty.UNSURE


def confidence_words(confidence: float, threshold: float) -> str:
    """What is said of it; empty where it is no answer."""
    match certainty(confidence, threshold):
        case Certainty.SURE:
            return t("Sure")
        case Certainty.LIKELY:
            return t("Fairly sure")
        case Certainty.UNSURE:
            return t("Not sure: read the article before you rely on this")
        case Certainty.NO_ANSWER:
            return ""
