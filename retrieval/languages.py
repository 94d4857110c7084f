"""Which language a text is in, and how its words are told apart."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from retrieval.language_scores import LanguageScores

_SAMPLE: Final = 2000
"""Characters looked at: more does not change the verdict."""

_SHORT: Final = 24
"""Below so many letters a guess between languages of one script is worth nothing."""

_CLEARLY: Final = 3.5
"""How much likelier a text must be in another language than in any that was expected: the
difference of py3langid's scores over the root of the text's bytes, by which it makes confidences.
No English question of XQuAD and COVID-QA comes to 3.0; 98 in a hundred German and 99.9 in a hundred
Spanish ones are beyond 3.5."""

_INSIDE_NAMES: Final = re.compile(
    r"al|bin|d[aeiou]|d[ae]s|de[lnr]|dos|e[lt]?|ibn|l[ae]s?|los|of|san|und|van|von|y|zu"
)

_SCRIPTS: Final = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "THAI": "th",
    "LAO": "lo",
    "KHMER": "km",
    "MYANMAR": "my",
    "HEBREW": "he",
    "GREEK": "el",
    "ARMENIAN": "hy",
    "ETHIOPIC": "am",
}
"""Scripts that settle the language alone, by the first word of a character's Unicode name."""

_NOT_LATIN: Final = frozenset(
    [*_SCRIPTS.values(), "ar", "bg", "bn", "fa", "hi", "mr", "ru", "sr", "ta", "uk", "ur"]
)
_TOLD_APART: Final = (
    "ar",
    "bg",
    "bn",
    "ca",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "et",
    "fa",
    "fi",
    "fr",
    "he",
    "hi",
    "hr",
    "hu",
    "id",
    "it",
    "ja",
    "ko",
    "lt",
    "lv",
    "mr",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sr",
    "sv",
    "ta",
    "th",
    "tr",
    "uk",
    "ur",
    "vi",
    "zh",
)


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its ISO 639-1 code."""

    code: str

    @property
    def spaced(self) -> bool:
        """Whether the script puts spaces between words."""
        return self.code not in {"zh", "ja", "th", "lo", "km", "my"}


ENGLISH: Final = Language("en")


def language_of(text: str, likely: Collection[Language] = ()) -> Language:
    """The language of ``text``: by its script where that settles it, else by py3langid.

    Args:
        text: Any text; only the first 2000 characters count.
        likely: The languages expected. One of them it is, unless the script settles another or
            another is far likelier: a question is short, and names in it lead astray. English
            where a short text has none.
    """
    sample = text[:_SAMPLE]
    by_script = _by_script(sample)
    if by_script is not None:
        return Language(by_script)
    if not likely:
        if sum(character.isalpha() for character in sample) < _SHORT:
            return ENGLISH
        scores = _scores_among(_TOLD_APART, sample)
        return Language(max(scores, key=lambda code: scores[code], default=ENGLISH.code))
    codes = {language.code for language in likely}
    among = codes | set(_TOLD_APART)
    if _is_latin(sample):
        codes = (codes - _NOT_LATIN) or {ENGLISH.code}
        if _is_names(sample):
            among = codes
    scores = _scores_among(among, sample)
    expected = max(sorted(codes), key=lambda code: scores.get(code, -math.inf))
    best = max(scores, key=lambda code: scores[code], default=expected)
    # Against a language that py3langid does not know nothing can be said.
    lead = scores.get(best, 0.0) - scores.get(expected, math.inf)
    clearly = lead > _CLEARLY * math.sqrt(len(sample.encode(errors="replace")))
    return Language(best if clearly else expected)


def prepare_languages() -> None:
    """Make ready what ``language_of`` reads, in a process that will not be able to later."""
    _scores().check()


def _is_names(sample: str) -> bool:
    """Whether nothing but names is asked for, as in "Rio de Janeiro" or "Deutsche Bank"."""
    words = re.findall(r"[^\W\d_]+", sample)
    return all(word[0].isupper() or _INSIDE_NAMES.fullmatch(word) for word in words)


def _is_latin(sample: str) -> bool:
    return all(character < "\u0370" for character in sample if character.isalpha())


def _by_script(sample: str) -> str | None:
    """The language that most of the letters' script settles, if it does."""
    counts: dict[str, int] = {}
    letters = 0
    for character in sample[:400]:
        if not character.isalpha():
            continue
        letters += 1
        if character < "\u0370":  # Latin: the quick way out for most texts
            continue
        code = _SCRIPTS.get(unicodedata.name(character, "").split(" ", 1)[0].split("-", 1)[0])
        if code is not None:
            counts[code] = counts.get(code, 0) + 1
    # Japanese mixes Chinese characters with kana; any fair share of kana tells.
    if counts.get("ja", 0) * 10 >= counts.get("zh", 0) and counts.get("ja"):
        counts["ja"] += counts.pop("zh", 0)
    best = max(counts, key=lambda code: counts[code], default=None)
    return best if best is not None and counts[best] * 2 > letters else None


def _scores_among(codes: Collection[str], sample: str) -> dict[str, float]:
    scores = _scores().of(sample)
    return {code: score for code, score in scores.items() if code in codes}


@lru_cache(maxsize=1)
def _scores() -> LanguageScores:
    # What is unpacked of a package is the same for all data folders, as its compiled modules are.
    from platformdirs import user_cache_path

    folder = user_cache_path("footnote", appauthor=False)
    return LanguageScores(folder if folder.is_absolute() else None)
