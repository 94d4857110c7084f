"""Text into the words that the lexical side counts.

Words are compared after Unicode compatibility folding, without case, accents or a possessive
ending, and by their stem (Snowball). Scripts without spaces are cut into overlapping pairs of
characters, as Lucene's CJK analyser does, and so is Korean, whose particles are written onto the
words. Each word carries its language, so that words of two languages never match by accident.
"""

from __future__ import annotations

import importlib.util
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from retrieval.articles import Span
from retrieval.languages import Language
from retrieval.stop_words import FUNCTION_WORDS

if TYPE_CHECKING:
    import Stemmer

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(f"[{_UNSPACED}]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\uac00-\ud7af]")
_POSSESSIVE: Final = re.compile(r"['’]s?$")
_CLUSTER: Final = re.compile(
    ".[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3]*"
)
"""A character with the vowels and tones that stand above, below and behind it."""

_ASCII_WORD: Final = re.compile(
    r"[0-9]+(?:[.,][0-9]+)*|[A-Za-z][A-Za-z0-9]*(?:'[A-Za-z]+)*|[A-Za-z0-9_]"
)
"""What ``_word`` finds in a text of nothing but ASCII, in half the time."""
_PART_OF_THE_LETTER: Final = {
    7,  # the dot below that makes another consonant in Indic scripts
    8,  # the voicing marks of kana: か and が are two letters
    9,  # virama: no vowel follows
    *range(103, 123),  # vowels and tones of Thai and Lao
}
"""Combining classes of marks that are no accents: without them it would be another word."""

_SHORT_I: Final = "и\u0306"
_VARIANTS: Final = {
    ord("\u0640"): None,  # the stroke that only makes an Arabic word longer
    ord("\u0649"): "\u064a",  # Arabic yeh, as it is written in Egypt and in Iran
    ord("\u06cc"): "\u064a",
    ord("\u06a9"): "\u0643",  # kaf in Iran and Pakistan
}
"""Letters that one keyboard writes and another does not."""

_ARABIC_AND: Final = re.compile("^[وف](?=ال..)")
_STEMMED: Final = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "fa": "persian",
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
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
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
    code = language.code
    found: list[str] = []
    for written in written_words(text):
        is_stop_word, parts = _parts(written, code)
        if not is_stop_word:
            found += parts
    return found


@lru_cache(maxsize=2048)
def word_pairs(text: str, language: Language) -> frozenset[tuple[str, str]]:
    """Every two neighbouring words of ``text``, stop words too, as ``words`` has them."""
    every = [part for written in written_words(text) for part in _parts(written, language.code)[1]]
    # Remembered, since the sentences that answer are few, and asked for often.
    return frozenset(itertools.pairwise(every))


def tokens(text: str) -> list[tuple[str, Span]]:
    """The words of ``text`` as they are compared before stemming, each with its place."""
    return [(fold(match.group()), Span(*match.span())) for match in _word_in(text).finditer(text)]


def all_words(texts: Iterable[str]) -> frozenset[str]:
    """The words of texts as they are compared before stemming, each once."""
    written: set[str] = set()
    for text in texts:
        written.update(written_words(text))
    return frozenset(map(fold, written))


def written_words(text: str) -> list[str]:
    """The words of ``text`` as they stand there, in order and with repetitions."""
    found: list[str] = _word_in(text).findall(text)
    return found


@lru_cache(maxsize=512)
def word_set(text: str) -> frozenset[str]:
    """``all_words`` of one text, remembered: some passages are found again and again."""
    return all_words([text])


@lru_cache(maxsize=1 << 14)
def fold(word: str) -> str:
    """A word without case, accents, compatibility forms and possessive ending.

    Digits of every script become those of ASCII.
    """
    if word.isascii():
        return _POSSESSIVE.sub("", word.lower()) or word
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(_without_dress(decomposed)).translate(_VARIANTS)
    return _POSSESSIVE.sub("", unicodedata.normalize("NFKC", plain)) or word


def _without_dress(decomposed: str) -> Iterator[str]:
    before = ""
    for character in decomposed:
        mark = unicodedata.combining(character)
        if not mark:
            digit = unicodedata.decimal(character, None)
            yield character if digit is None else str(digit)
        elif mark in _PART_OF_THE_LETTER or before + character == _SHORT_I:
            yield character
        before = character


def _word_in(text: str) -> re.Pattern[str]:
    return _ASCII_WORD if text.isascii() else _word()


@lru_cache(maxsize=1)
def _word() -> re.Pattern[str]:
    # Python's \w leaves out the marks that accents, vowel signs and vowel points are.
    marks = "".join(
        character
        for code in range(0x300, 0x10000)
        if unicodedata.category(character := chr(code)).startswith("M")
        and not re.match(f"[{_UNSPACED}]", character)
    )
    letter, mark = rf"[^\W\d_{_UNSPACED}]", f"[{marks}]"
    letter_or_digit = rf"[^\W_{_UNSPACED}]"
    # Repeated classes instead of alternatives: a fifth quicker.
    return re.compile(
        rf"[{_UNSPACED}]+"  # a run of a script without spaces
        rf"|\d+(?:[.,]\d+)*"  # a number with its separators
        rf"|{letter}{letter_or_digit}*(?:{mark}+{letter_or_digit}*)*"
        rf"(?:['’]{letter}+(?:{mark}+{letter}*)*)*"
        rf"|\w"
    )


@lru_cache(maxsize=64)
def stop_words(language: Language) -> frozenset[str]:
    """The words of a language that say nothing of what a text is about; empty where unknown."""
    name = _STOP_WORDS.get(language.code)
    if name is None:
        return frozenset(fold(word) for word in FUNCTION_WORDS.get(language.code, ()))
    return frozenset(fold(word) for word in getattr(_lists_of_stop_words(), name))


def listed_languages() -> list[Language]:
    """Those whose stop words are known."""
    return [Language(code) for code in sorted({*_STOP_WORDS, *FUNCTION_WORDS})]


@lru_cache(maxsize=1)
def _lists_of_stop_words() -> ModuleType:
    """The module ``bm25s.stopwords``, without the package around it.

    That imports scipy, which takes longer than to answer a question.
    """
    package = importlib.util.find_spec("bm25s")
    (folder,) = (package and package.submodule_search_locations) or ("",)
    path = Path(folder, "stopwords.py")
    spec = importlib.util.spec_from_file_location("_stop_words_of_bm25s", path)
    if spec is None or spec.loader is None:
        raise ImportError("bm25s has no list of stop words")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@lru_cache(maxsize=1 << 15)
def _parts(written: str, code: str) -> tuple[bool, Sequence[str]]:
    """Whether a word of a language is a stop word, and what it counts as, as ``code:stem``."""
    # Few words make up most of every text.
    language = Language(code)
    word = fold(written)
    parts = [f"{code}:{stem}" for stem in _stems(word, language)]
    return word in stop_words(language), parts


def _stems(word: str, language: Language) -> Sequence[str]:
    if _RUN.match(word):
        return [
            pair
            for run in _between_stop_words(word, language)
            for pair in _pairs(_CLUSTER.findall(run))
        ]
    if _HANGUL.match(word):
        return _pairs(list(word))
    if language.code == "ar":
        word = _ARABIC_AND.sub("", word)
    stemmer = _stemmer(language)
    return [(stemmer.stemWord(word) if stemmer is not None else word) or word]


def _pairs(characters: list[str]) -> list[str]:
    return ["".join(pair) for pair in itertools.pairwise(characters)] or characters


def _between_stop_words(run: str, language: Language) -> list[str]:
    """A run of a script without spaces, in the parts that its function words leave."""
    pattern = _stop_words_in_a_run(language)
    return [part for part in pattern.split(run) if part] if pattern is not None else [run]


@lru_cache(maxsize=64)
def _stop_words_in_a_run(language: Language) -> re.Pattern[str] | None:
    longest_first = sorted(stop_words(language), key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


@lru_cache(maxsize=64)
def _stemmer(language: Language) -> Stemmer.Stemmer | None:
    import Stemmer

    algorithm = _STEMMED.get(language.code)
    # Without its own memory of words, as what comes of them is remembered here.
    return Stemmer.Stemmer(algorithm, 0) if algorithm in Stemmer.algorithms() else None
