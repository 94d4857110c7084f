"""What kind of words a question asks for, and whether a sentence has such words.

Two kinds pay: a question for a time expects a date, a day or an hour, and a question for a name
expects that something is called something. Other kinds (numbers, persons, places) were tried and
changed nothing on public question sets, where nearly every sentence has a number or a name.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from retrieval.analysis import words
from retrieval.languages import Language

_TIME_WORTH: Final = 0.06
_NAME_WORTH: Final = 0.19
"""More: a date stands in many sentences, but few name the very thing that is asked about."""
_BESIDE: Final = 24
"""Characters on either side of a naming word: about four words."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A kind of answer.

    Attributes:
        question: What a question for it says.
        answer: What a sentence that gives it says.
        worth: What is added to the score, from 0 to 1, of a sentence that meets it.
        frame: Words of the question that only say which kind is asked for: they need not stand
            in the answer.
    """

    question: re.Pattern[str]
    answer: re.Pattern[str]
    worth: float
    frame: re.Pattern[str] | None = None

    def met_by(self, sentence: str, stems: Collection[str], language: Language) -> bool:
        """Whether a sentence has the kind of words that are expected.

        Where the question has a frame, they must stand beside what is asked about: "the offensive,
        dubbed …" names an offensive, and "which named the group …" does not.

        Args:
            stems: What is asked about, as ``analysis.words`` gives it.
        """
        if self.frame is None:
            return self.answer.search(sentence) is not None
        return any(
            not set(
                words(sentence[max(0, match.start() - _BESIDE) : match.end() + _BESIDE], language)
            ).isdisjoint(stems)
            for match in self.answer.finditer(sentence)
        )


def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


def _time(question: str, words: str) -> Expectation:
    clock = r"\d{1,2} ?[ap]\.?m\b|\d{1,2}[:h]\d\d"
    return Expectation(
        _pattern(question), _pattern(rf"\b(?:{words}|(?:1\d|20)\d\ds?|{clock})(?!\w)"), _TIME_WORTH
    )


def _name(question: str, words: str, frame: str) -> Expectation:
    return Expectation(
        _pattern(question),
        _pattern(rf"\b(?:{words})\b"),
        _NAME_WORTH,
        _pattern(rf"\b(?:{frame})\b"),
    )


_EXPECTATIONS: Final = {
    "en": (
        _time(
            r"\bwhen\b|\b(?:what|which) (?:year|day|date|month|time|decade|century)\b",
            "january|february|march|april|may \\d+|june|july|august|september|october|november|"
            "december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|yesterday|"
            "midnight|noon|century",
        ),
        _name(
            r"\bname of\b|\bcalled\b|\bnamed\b|\bknown as\b|\bnicknamed?\b",
            "dubbed|called|named|known as|nicknamed|titled|termed|codenamed",
            "name|called|named|known|nicknamed?",
        ),
    ),
    "es": (
        _time(
            r"\bcuándo\b|\bqué (?:año|día|fecha|mes|siglo)\b",
            "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|"
            "diciembre|lunes|martes|miércoles|jueves|viernes|sábado|domingo|siglo",
        ),
        _name(
            r"\bnombre de\b|\bse llama(?:ba)?\b|\bconocid[oa]s? como\b",
            "llamad[oa]s?|denominad[oa]s?|conocid[oa]s? como|apodad[oa]s?|bautizad[oa]s?",
            "nombre|llama|llamaba|conocid[oa]s?",
        ),
    ),
    "fr": (
        _time(
            r"\bquand\b|\bquel(?:le)? (?:année|jour|date|mois|siècle)\b",
            "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|"
            "décembre|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|siècle",
        ),
        _name(
            r"\bnom d|\bs'appel|\bappelée?s?\b|\bconnue?s? sous\b",
            "appelée?s?|nommée?s?|baptisée?s?|surnommée?s?|connue?s? sous",
            "nom|appel\\w*|connue?s?",
        ),
    ),
    "de": (
        _time(
            r"\bwann\b|\bwelche[ms]? (?:jahr|tag|datum|monat|jahrhundert)\b",
            "januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|"
            "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|jahrhundert",
        ),
        _name(
            r"\bname[n]? de[rs]\b|\bheißt\b|\bhieß\b|\bgenannt\b",
            "genannt|namens|heißt|hieß|bekannt als|bezeichnet",
            "name[n]?|heißt|hieß|genannt",
        ),
    ),
    "pt": (
        _time(
            r"\bquando\b|\b(?:que|qual) (?:ano|dia|data|mês|século)\b",
            "janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|"
            "dezembro|segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira|sábado|"
            "domingo|século",
        ),
        _name(
            r"\bnome d|\bse chama(?:va)?\b|\bconhecid[oa]s? como\b",
            "chamad[oa]s?|denominad[oa]s?|conhecid[oa]s? como|apelidad[oa]s?|batizad[oa]s?",
            "nome|chama|chamava|conhecid[oa]s?",
        ),
    ),
}


def expectation_of(question: str, language: Language) -> Expectation | None:
    """The kind of answer that a question asks for, where it is one that is known."""
    for expectation in _EXPECTATIONS.get(language.code, ()):
        if expectation.question.search(question):
            return expectation
    return None
