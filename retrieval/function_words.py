"""Which language a text is in, at a glance: by the words that say nothing of what it is about.

Some dozens of such words are half of what is written in a language, and few of them are words of
another one (Grefenstette 1995). Where a text has few of them, or those of several languages, this
says nothing, and ``languages.language_of`` has to look closer, which takes five times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from retrieval.analysis import fold, listed_languages, stop_words, written_words
from retrieval.languages import Language

_LEAST_WORDS: Final = 4
_SHARE: Final = 0.4
"""Of the words. Three in four English questions of XQuAD and COVID-QA have so many English ones,
and no German or Spanish question of XQuAD has."""
_LEAD: Final = 2
"""Words more than of any other language: "que", "de" and "la" are Spanish and French."""


def language_by_function_words(text: str) -> Language | None:
    """The language that the function words of ``text`` leave no doubt about, if there is one."""
    written = written_words(text)
    if len(written) < _LEAST_WORDS:
        return None
    languages = _languages()
    counts: dict[Language, int] = {}
    for word in written:
        for language in languages.get(fold(word), ()):
            counts[language] = counts.get(language, 0) + 1
    if not counts:
        return None
    best = max(counts, key=lambda language: counts[language])
    next_best = max((counts[other] for other in counts if other != best), default=0)
    is_clear = counts[best] >= max(_SHARE * len(written), next_best + _LEAD)
    return best if is_clear else None


@lru_cache(maxsize=1)
def _languages() -> Mapping[str, tuple[Language, ...]]:
    """The languages of each function word that is known of any."""
    found: dict[str, tuple[Language, ...]] = {}
    for language in listed_languages():
        for word in stop_words(language):
            found[word] = (*found.get(word, ()), language)
    return found
