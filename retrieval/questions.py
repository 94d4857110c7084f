"""What a person typed into what is looked for."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from retrieval.errors import QuestionError

MAX_CHARACTERS: Final = 2000

_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS: Final = {"\u200c", "\u200d"}
"""Invisible, but part of how Persian and Indic words and emoji are written."""


def clean_question(text: str) -> str:
    """The question on one line, without control and other invisible characters.

    Raises:
        QuestionError: Nothing is left that could be looked for, or it is longer than
            ``MAX_CHARACTERS``.
    """
    if len(text) > MAX_CHARACTERS:
        raise QuestionError(
            f"That question is too long: {len(text):,} characters, at most {MAX_CHARACTERS:,}.",
            remedy="Ask it in a sentence or two.",
        )
    visible = "".join(
        " "
        if character.isspace()
        else ""
        if unicodedata.category(character) in _INVISIBLE and character not in _JOINERS
        else character
        for character in text
    )
    question = re.sub(r" +", " ", visible).strip()
    if not any(character.isalnum() for character in question):
        raise QuestionError(
            "There is no question in that.",
            remedy='Ask in words, such as "What is the name of the offensive?".',
        )
    return question
