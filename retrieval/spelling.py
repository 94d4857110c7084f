"""Misspelled words of a question, read as the words of the corpus that they mean.

A word is taken for a misspelling only when the corpus does not have it, the encoder does not know
it as a word either, it is no abbreviation, and exactly one word of the corpus with the same first
letter is a slip away (two in a long word). So a name that the corpus lacks stays as it is, and the
question about it unanswered, unless it is hardly different from one that the corpus has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from retrieval.analysis import stop_words, tokens, words
from retrieval.languages import Language

_SHORTEST: Final = 5
_TWO_SLIPS_FROM: Final = 12
"""Letters from which on two slips are forgiven; below that, one."""


def corrected(
    question: str,
    language: Language,
    vocabulary: Collection[str],
    is_word: Callable[[str], bool],
) -> str:
    """The question with its misspelled words replaced; the same string where there are none.

    Args:
        vocabulary: The words of the corpus, as ``analysis.tokens`` gives them.
        is_word: Whether a word exists, as far as the encoder knows.
    """
    stop = stop_words(language)
    parts: list[str] = []
    end = 0
    for word, span in tokens(question):
        if (
            len(word) < _SHORTEST
            or not word.isalpha()
            or sum(letter.isupper() for letter in question[span.start : span.end]) > 1
            or word in vocabulary
            or word in stop
            or is_word(word)
        ):
            continue
        meant = _meant(word, vocabulary)
        # Another form of a word of the corpus ("jihadists") is found by its stem as it is.
        if meant is not None and words(meant, language) != words(word, language):
            parts += [question[end : span.start], meant]
            end = span.end
    return "".join([*parts, question[end:]])


def _meant(word: str, vocabulary: Collection[str]) -> str | None:
    """The one word that is nearest; ``None`` where none is near, or two are equally so.

    Distance is optimal string alignment: a swap of neighbouring letters is one slip.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    slips = 2 if len(word) >= _TWO_SLIPS_FROM else 1
    found = process.extract(word, vocabulary, scorer=OSA.distance, score_cutoff=slips, limit=8)
    # People seldom miss the first letter.
    near = {candidate: distance for candidate, distance, _ in found if candidate[0] == word[0]}
    nearest = [candidate for candidate in near if near[candidate] == min(near.values())]
    return nearest[0] if len(nearest) == 1 else None
