"""What was said before, and what of it a question needs to be understood.

A question leans on the one before it when it opens like a continuation ("And …?", "What about
…?"), points at something it does not name ("Who financed it?"), or has no words of its own beside
the question word ("Why?"). Everything else starts afresh, so that a new topic is not answered
with the old one in mind.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from retrieval.analysis import stop_words, tokens
from retrieval.answers import Answer
from retrieval.languages import Language

CHAIN: Final = 3
"""How many earlier questions a chain of follow-ups may draw on."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked, and the words that were quoted for it, if any.

    ``follows`` is the earlier question that was needed to understand this one.
    """

    question: str
    quoted: str = ""
    follows: str | None = None

    @classmethod
    def of(cls, answer: Answer) -> Turn:
        """The turn that an answer makes: its question and its first highlight."""
        quote = next(iter(answer.quotes), None)
        if quote is None:
            return cls(answer.question, follows=answer.follows)
        text = quote.article.text
        quoted = " ".join(span.of(text) for span in quote.highlights)
        return cls(answer.question, quoted, answer.follows)


@dataclass(frozen=True, slots=True)
class _Signs:
    """How a language shows that a question goes on from another.

    Attributes:
        openers: First words of a continuation.
        pointers: Words that point at something named before, wherever they stand.
        resolved_by_name: Pointers that a name earlier in the same question explains.
        weak_pointers: Words that point only behind ``before_weak`` or at the end, and otherwise
            join clauses ("the group that attacked").
        question_words: Words of which alone a question can consist ("Why?").
    """

    openers: tuple[str, ...]
    pointers: frozenset[str]
    resolved_by_name: frozenset[str] = frozenset()
    weak_pointers: frozenset[str] = frozenset()
    before_weak: frozenset[str] = frozenset()
    question_words: frozenset[str] = frozenset()


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SIGNS: Final = {
    "en": _Signs(
        openers=("and", "but", "so", "or", "then", "also", "what about", "how about", "what else"),
        pointers=_set(
            "it its he him his she her hers they them their theirs there those these else "
            "himself herself itself themselves"
        ),
        resolved_by_name=_set("he him his she her hers they them their its himself herself"),
        weak_pointers=_set("this that"),
        before_weak=_set(
            "about of for to in on at with by from after before during since did does do is was "
            "are were will would can could has have had why how when where what who like and"
        ),
        question_words=_set(
            "what who whom whose when where which why how many much long often far old since "
            "until exactly really more mean so come please tell me say did was is does do"
        ),
    ),
    "es": _Signs(
        openers=("y", "pero", "entonces", "o", "también", "qué hay de", "qué pasa con"),
        pointers=_set("él ella ellos ellas ello eso esto esos esas estos estas allí ahí suyo"),
        question_words=_set("qué quién cuándo dónde cuál cuáles cómo cuántos cuánto por qué más"),
    ),
    "fr": _Signs(
        openers=("et", "mais", "alors", "donc", "ou", "qu'en est-il de"),
        pointers=_set("il elle ils elles lui eux cela ça celui celle ceux y"),
        question_words=_set("quoi qui quand où quel quelle comment pourquoi combien plus"),
    ),
    "de": _Signs(
        openers=("und", "aber", "also", "dann", "oder", "was ist mit", "wie sieht es"),
        pointers=_set("er ihn ihm sein seine sie ihr ihnen ihre das dies diese dieser dort davon"),
        question_words=_set("was wer wen wem wann wo welche wie warum wieso viele viel lange mehr"),
    ),
    "pt": _Signs(
        openers=("e", "mas", "então", "ou", "e quanto a"),
        pointers=_set("ele ela eles elas isso isto aquilo esses essas estes estas lá ali"),
        question_words=_set("que quem quando onde qual quais como quantos quanto por porque mais"),
    ),
    "ar": _Signs(
        openers=("و", "لكن", "ماذا عن", "وماذا عن"),
        pointers=_set("هو هي هم ذلك تلك هذا هذه هناك"),
        question_words=_set("ماذا من متى أين لماذا كيف كم"),
    ),
    "ja": _Signs(openers=("では", "じゃあ", "それで", "そして", "でも"), pointers=frozenset()),
    "zh": _Signs(openers=("那", "那么", "然后", "还有", "但是"), pointers=frozenset()),
}
_POINTING_UNSPACED: Final = re.compile(
    r"それ|これ|彼|彼女|そこ|あれ|它|他们|她|他|这个|那个|那里|这里"
)
_ALONE_UNSPACED: Final = re.compile(
    r"(?:なぜ|どうして|いつ|どこ|誰|だれ|为什么|什么时候|哪里|谁|怎么)(?:ですか|なの)?[?？。]*"
)
_NAME: Final = re.compile(r"(?<!^)\b[A-ZÀ-ÖØ-Þ]\w+")


def leans(question: str, language: Language) -> bool:
    """Whether a question cannot be understood without the one before it."""
    signs = _SIGNS.get(language.code)
    if signs is None:
        return False
    lowered = question.casefold().lstrip(" ¿¡\"'“«(")
    if not language.spaced:
        return bool(
            lowered.startswith(signs.openers)
            or _POINTING_UNSPACED.search(lowered)
            or _ALONE_UNSPACED.fullmatch(lowered)
        )
    if any(re.match(rf"{re.escape(opener)}\b", lowered) for opener in signs.openers):
        return True
    spoken = [(question[span.start : span.end].casefold(), span) for _, span in tokens(question)]
    words = [word for word, _ in spoken]
    ignored = signs.question_words | stop_words(language)
    if words and all(word in ignored for word in words):
        return True
    name = _NAME.search(question)
    for place, (word, span) in enumerate(spoken):
        if word in signs.pointers:
            explained = (
                word in signs.resolved_by_name and name is not None and name.start() < span.start
            )
            if not explained:
                return True
        if word in signs.weak_pointers and (
            place == len(words) - 1 or (place > 0 and words[place - 1] in signs.before_weak)
        ):
            return True
    return False


def context_of(question: str, history: Sequence[Turn], language: Language) -> str | None:
    """The earlier questions in whose light ``question`` is to be read, oldest first.

    They go back to the last question that stood alone, at most ``CHAIN`` of them. ``None`` where
    the question stands alone itself, or there is nothing to lean on.
    """
    if not history or not leans(question, language):
        return None
    chain: list[str] = []
    for turn in reversed(history[-CHAIN:]):
        chain.append(turn.question)
        if turn.follows is None:
            break
    return " ".join(reversed(chain))
