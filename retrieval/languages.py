"""Which language a text is in, and how its words are told apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_SAMPLE: Final = 2000
"""Characters looked at: more does not change the verdict."""

_SHORT: Final = 24
"""Below so many letters a guess between languages of one script is worth nothing."""

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

_TOLD_APART: Final = [
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
]


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
        likely: The languages that it probably has. One of them is preferred for a text that is
            too short to tell, such as a question of one word. English where none is given.
    """
    sample = text[:_SAMPLE]
    letters = sum(character.isalpha() for character in sample)
    by_script = _by_script(sample)
    if by_script is not None:
        return Language(by_script)
    short = letters < _SHORT
    if short and (not likely or sample.isascii()):
        return min(likely, key=lambda language: language.code) if likely else ENGLISH
    among = tuple(sorted(language.code for language in likely)) if short else None
    return Language(_identifier(among).classify(sample)[0])


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


@lru_cache(maxsize=16)
def _identifier(among: tuple[str, ...] | None) -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(among or _TOLD_APART))
    return identifier
