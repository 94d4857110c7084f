"""Which sentences can stand alone: whole ones, that lean on no other and say something.

A summary takes sentences out of their surroundings. What opens with a pronoun or a connective, is
half of a quotation, or was never a sentence (a heading, a caption, a credit, a reference) makes no
sense there, so it is not taken. The signs are a language's own; where a language has no table
here, only those are looked for that every language shares.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from retrieval.articles import Span
from retrieval.cohesion import leans_on_others
from retrieval.languages import Language

_LEAST_WORDS: Final = 4
_LEAST_CHARACTERS: Final = 8
_MOST_CHARACTERS: Final = 500
_LEAST_LETTERS: Final = 0.7
_LEAST_LOWERCASE: Final = 0.4
"""Of a title, a byline or a reference fewer words begin with a small letter; German, which
capitalizes nouns, stays above it."""

_ENDS: Final = re.compile(r"[.!?…。！？｡؟۔।॥։።][\"'”’»«“)\]）」』]*(?:\[\d+(?:[,–-]\s?\d+)*\])*$")
_WITHOUT_FULL_STOPS: Final = frozenset({"th", "lo", "km", "my"})
_OPENING: Final = "\"'“‘„«»‹(¿¡「『（[*_"
_QUOTATION_MARK: Final = '"“”„«»「」『』'
_PAIRS: Final = (("(", ")"), ("[", "]"), ("（", "）"), ("「", "」"), ("『", "』"))

_NOT_PROSE: Final = re.compile(
    r"^\s*(?:[•‣▪|>#]|[-–—*+]\s|\(?\d{1,3}[.)]\s|\(?[a-z]\)\s|\[\d+\]\s)"  # a list item
    r"|https?://|www\.|\bdoi\s?:|\S@\S+\.\w|\bISBN\b|©|\|"  # a reference or an address
    r"|\b(?:et al|Figs?|vs|Drs?|Mrs?|Prof|cf|e\.g|i\.e)\.$"  # cut short behind an abbreviation
    r"|^[\"'“(\[]*(?:Fig(?:ure|ura)?s?|Tab(?:le|elle|la|leau|ela)?s?|Abb(?:ildung)?|"
    r"Photo(?:graph)?|"
    r"Image|Picture|Source|Caption|Foto|Imagen?|Imagem|Fuente|Fonte|Quelle|Bild|Crédits?|Credits?)"
    r"\b\.?\s*(?:[A-Z]?\d|[:(–—-])",  # a caption
    re.IGNORECASE,
)
_CREDIT: Final = re.compile(
    r"contributed to (?:this|the) (?:report|article|story)|all rights reserved|copyright\b"
    r"|\b(?:reporting|writing|editing|photographs?|translated|additional reporting) by\b"
    r"|sign up (?:for|to)|subscribe (?:to|now)|click here|read more|follow us\b"
    r"|\bopen[- ]access article\b|creative commons|^correspondence\b|no competing interests"
    r"|contribuy(?:ó|eron) (?:a|en|con) est[ea]|todos los derechos reservados"
    r"|ont? contribué à (?:cet|ce)|tous droits réservés"
    r"|(?:trug|trugen) zu diesem|alle rechte vorbehalten|mitarbeit:"
    r"|contribu(?:iu|íram) para est[ea]|todos os direitos reservados",
    re.IGNORECASE,
)


def standing(text: str, sentences: Sequence[Span], language: Language) -> list[bool]:
    """Which of a passage's sentences, given in their order, can be quoted by themselves."""
    words = [sentence.of(text) for sentence in sentences]
    inside = _inside_quotations(words)
    return [
        not within and stands_alone(sentence, language)
        for sentence, within in zip(words, inside, strict=True)
    ]


def stands_alone(sentence: str, language: Language) -> bool:
    """Whether a sentence is a whole one that leans on no other, by its own words."""
    return (
        _is_whole(sentence, language)
        and _is_balanced(sentence)
        and not _is_bare_quotation(sentence)
        and _NOT_PROSE.search(sentence) is None
        and _CREDIT.search(sentence) is None
        and not leans_on_others(sentence, language)
    )


def _is_whole(sentence: str, language: Language) -> bool:
    if len(sentence) > _MOST_CHARACTERS:
        return False
    if language.code not in _WITHOUT_FULL_STOPS and _ENDS.search(sentence) is None:
        return False
    solid = [character for character in sentence if not character.isspace()]
    # Vowel signs are no letters to Python, and no reason to doubt Thai or Hindi.
    letters = sum(c.isalpha() or not c.isascii() for c in solid)
    if letters < _LEAST_LETTERS * len(solid):
        return False
    first = next((c for c in sentence.lstrip(_OPENING)), "")
    if first.islower() or not (first.isalnum() or not first.isascii()):
        return False
    if not language.spaced:
        return letters >= _LEAST_CHARACTERS
    words = sentence.split()
    initials = [c for word in words if (c := next(filter(str.isalpha, word), ""))]
    cased = [c for c in initials if c.isupper() or c.islower()]
    small = sum(c.islower() for c in cased)
    return len(words) >= _LEAST_WORDS and (not cased or small >= _LEAST_LOWERCASE * len(cased))


def _is_balanced(sentence: str) -> bool:
    """Whether every quotation and bracket that opens in a sentence closes in it."""
    if sentence.count('"') % 2 or any(sentence.count(a) != sentence.count(b) for a, b in _PAIRS):
        return False
    # „German", “English” and »reversed« or «French» marks share signs; each has two to a quotation.
    return sum(map(sentence.count, "“”„")) % 2 == 0 and sentence.count("«") == sentence.count("»")


def _is_bare_quotation(sentence: str) -> bool:
    """Whether all of it is one quotation, of which it does not say whose."""
    inner = sentence.strip()
    return (
        inner[:1] in _QUOTATION_MARK
        and inner[-1:] in _QUOTATION_MARK
        and not any(mark in inner[1:-1] for mark in _QUOTATION_MARK)
    )


def _inside_quotations(sentences: Sequence[str]) -> list[bool]:
    """Which sentences begin inside a quotation that an earlier one opened.

    Where a passage's marks do not add up, nothing is known of what lies between them.
    """
    straight = [sentence.count('"') for sentence in sentences]
    curly = [sentence.count("“") - sentence.count("”") for sentence in sentences]
    inside = [False] * len(sentences)
    if sum(straight) % 2 == 0:
        before = [0, *accumulate(straight)]
        inside = [count % 2 == 1 for count in before[:-1]]
    if sum(curly) == 0:
        before = [0, *accumulate(curly)]
        inside = [a or b > 0 for a, b in zip(inside, before, strict=False)]
    return inside
