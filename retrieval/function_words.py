"""Whether a text is English, at a glance: by the words that say nothing of what it is about.

Some dozens of such words are half of what is written in a language (Grefenstette 1995). English
alone is told so: of its own words few are another language's, while those of Slovak are nearly all
Czech, and of some languages no words are known here. Whatever is not clear is left to
``languages.language_of``, which takes ten times as long.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from retrieval.analysis import fold, listed_languages, stop_words, written_words
from retrieval.languages import ENGLISH, Language

_SHARE: Final = 0.4
"""Of the words. Two in three English questions of XQuAD and COVID-QA have so many English ones, and
no German, Spanish or Chinese one of XQuAD has."""
_LEAST: Final = 3
"""Different ones: "is" and "a" are Hungarian too."""
_LEAD: Final = 2
"""Words more than of any other language."""


def is_clearly_english(text: str) -> bool:
    """Whether the function words of a text leave no doubt that it is English."""
    if not text.isascii():
        return False
    written = [fold(word) for word in written_words(text)]
    languages = _languages()
    counts = Counter(language for word in written for language in languages.get(word, ()))
    english = counts.pop(ENGLISH, 0)
    different = sum(ENGLISH in languages.get(word, ()) for word in set(written))
    return (
        different >= _LEAST
        and english >= _SHARE * len(written)
        and english >= max(counts.values(), default=0) + _LEAD
    )


@lru_cache(maxsize=1)
def _languages() -> Mapping[str, tuple[Language, ...]]:
    """The languages of each function word that is known of any."""
    found: dict[str, tuple[Language, ...]] = {}
    for language in listed_languages():
        for word in stop_words(language):
            found[word] = (*found.get(word, ()), language)
    return found
