"""Text into the words that the lexical side counts.

Words are compared after Unicode compatibility folding, without case, accents or a possessive
ending, and by their stem (Snowball). Scripts without spaces are cut into overlapping pairs of
characters, as Lucene's CJK analyser does. Each word carries its language, so that words of two
languages never match by accident.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from retrieval.articles import Span
from retrieval.languages import Language

if TYPE_CHECKING:
    import Stemmer

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_POSSESSIVE: Final = re.compile(r"['’]s?$")
_STEMMED: Final = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
_STOP_WORDS: Final = {
    "da": "STOPWORDS_DANISH",
    "de": "STOPWORDS_GERMAN",
    "en": "STOPWORDS_EN_PLUS",
    "es": "STOPWORDS_SPANISH",
    "fr": "STOPWORDS_FRENCH",
    "it": "STOPWORDS_ITALIAN",
    "ko": "STOPWORDS_KOREAN",
    "nl": "STOPWORDS_DUTCH",
    "no": "STOPWORDS_NORWEGIAN",
    "pt": "STOPWORDS_PORTUGUESE",
    "ru": "STOPWORDS_RUSSIAN",
    "sv": "STOPWORDS_SWEDISH",
    "tr": "STOPWORDS_TURKISH",
}


def words(text: str, language: Language) -> list[str]:
    """The words of ``text`` that count, as ``code:stem``, in order and with repetitions."""
    stop = stop_words(language)
    found: list[str] = []
    for word, _ in tokens(text):
        if word in stop:
            continue
        found.extend(f"{language.code}:{part}" for part in _parts(word, language))
    return found


def tokens(text: str) -> list[tuple[str, Span]]:
    """The words of ``text`` as they are compared before stemming, each with its place."""
    return [(fold(match.group()), Span(*match.span())) for match in _word().finditer(text)]


def fold(word: str) -> str:
    """A word without case, accents, compatibility forms and possessive ending."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _POSSESSIVE.sub("", unicodedata.normalize("NFKC", plain)) or word


@lru_cache(maxsize=1)
def _word() -> re.Pattern[str]:
    # Python's \w leaves out the marks that accents, vowel signs and vowel points are.
    marks = "".join(
        character
        for code in range(0x300, 0x10000)
        if unicodedata.category(character := chr(code)).startswith("M")
        and not re.match(f"[{_UNSPACED}]", character)
    )
    letter = rf"[^\W\d_{_UNSPACED}]"
    return re.compile(
        rf"[{_UNSPACED}]+"  # a run of a script without spaces
        rf"|\d+(?:[.,]\d+)*"  # a number with its separators
        rf"|{letter}(?:[^\W_{_UNSPACED}]|[{marks}])*(?:['’]{letter}(?:{letter}|[{marks}])*)*"
        rf"|\w"
    )


@lru_cache(maxsize=64)
def stop_words(language: Language) -> frozenset[str]:
    """The words of a language that say nothing of what a text is about; empty where unknown."""
    name = _STOP_WORDS.get(language.code)
    if name is None:
        return frozenset()
    import bm25s.stopwords

    return frozenset(fold(word) for word in getattr(bm25s.stopwords, name))


def _parts(word: str, language: Language) -> list[str]:
    if re.match(rf"[{_UNSPACED}]", word):
        return [word[i : i + 2] for i in range(len(word) - 1)] or [word]
    stemmer = _stemmer(language)
    return [stemmer.stemWord(word) if stemmer is not None else word]


@lru_cache(maxsize=64)
def _stemmer(language: Language) -> Stemmer.Stemmer | None:
    import Stemmer

    algorithm = _STEMMED.get(language.code)
    return Stemmer.Stemmer(algorithm) if algorithm in Stemmer.algorithms() else None
