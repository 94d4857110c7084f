"""What a person typed into what is looked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from retrieval.analysis import tokens
from retrieval.errors import QuestionError
from retrieval.function_words import is_clearly_english
from retrieval.languages import ENGLISH, Language, language_of
from retrieval.phrases import phrase

MAX_CHARACTERS: Final = 2000

_INVISIBLE: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS: Final = {"\u200c", "\u200d"}
"""Invisible, but part of how Persian and Indic words and emoji are written."""

_ADDRESS: Final = re.compile(r"\w+://\S+")
_MARKS: Final = re.compile(r"[?？؟⁇⁈]|\u037e")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OPENERS: Final = {
    "en": _set(
        "what who whom whose which when where why how is are was were am do does did can could "
        "will would shall should has have had may might isn't aren't wasn't don't doesn't didn't "
        "can't won't whats what's who's where's how's when's"
    ),
    "es": _set("qué quién quiénes cuándo dónde adónde cuál cuáles cómo cuánto cuántos"),
    "fr": _set("qui quoi quand où comment pourquoi combien quel quelle quels est-ce"),
    "de": _set(
        "was wer wen wem wessen wann wo wohin woher wie warum wieso weshalb welche welcher "
        "welches wieviel wozu ist sind war hat haben kann können gibt"
    ),
    "pt": _set("quem quando onde qual quais como quanto quantos quantas"),
    "ar": _set("ما ماذا من متى أين لماذا كيف كم هل أي"),
}
"""First words of questions. Those that as often begin a statement ("que", "por") are left out."""
_ASKING_UNSPACED: Final = re.compile(
    r"(?:ですか|ますか|でしょうか|ましたか|のか|かな|吗|呢)[。.\s]*$"
    r"|^(?:なぜ|どうして|いつ|どこ|誰|だれ|何|どの|どう|いくら|为什么|什么|谁|哪|怎么|多少|几)"
)


def is_question(text: str, language: Language) -> bool:
    """Whether a message that is put to nobody in particular asks something.

    It has a question mark outside of addresses, or begins or ends as its language's questions do.
    """
    said = _ADDRESS.sub(" ", text).strip()
    if not any(character.isalnum() for character in said):
        return False
    if _MARKS.search(said):
        return True
    if not language.spaced:
        return _ASKING_UNSPACED.search(said) is not None
    first = next((said[span.start : span.end].casefold() for _, span in tokens(said)), "")
    return first in _OPENERS.get(language.code, frozenset())


def language_of_question(question: str, likely: Collection[Language]) -> Language:
    """The language of a question, most often one of those that are likely: the articles'."""
    if ENGLISH in likely and is_clearly_english(question):
        return ENGLISH
    return language_of(question, likely)


def clean_question(text: str) -> str:
    """The question on one line, without control and other invisible characters.

    Raises:
        QuestionError: Nothing is left that could be looked for, or it is longer than
            ``MAX_CHARACTERS``.
    """
    if len(text) > MAX_CHARACTERS:
        raise QuestionError(
            phrase(
                "That question is too long: {count} characters, at most {most}.",
                count=len(text),
                most=MAX_CHARACTERS,
            ),
            remedy=phrase("Ask it in a sentence or two."),
        )
    # Most have nothing that is to be looked at closer.
    visible = text if text.isascii() and text.isprintable() else _visible(text)
    question = re.sub(r" +", " ", visible).strip()
    if not any(character.isalnum() for character in question):
        raise QuestionError(
            phrase("There is no question in that."),
            remedy=phrase('Ask in words, such as "What is the name of the offensive?".'),
        )
    return question


def _visible(text: str) -> str:
    return "".join(
        " "
        if character.isspace()
        else ""
        if unicodedata.category(character) in _INVISIBLE and character not in _JOINERS
        else character
        for character in text
    )
