"""The texts of an answer, cut to what a message holds, before they are set in components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.languages import t
from bot.rendering.confidence import confidence_words
from bot.rendering.layout import quoted, sources
from bot.rendering.layout.budget import fair_shares, room_beside
from bot.rendering.layout.marks import beside_each_other, small
from bot.rendering.layout.topics import rephrasings
from bot.rendering.sanitize import ZERO_WIDTH, inline, one_line, units
from retrieval.answers import Answer, Quote

MAX_QUOTES: Final = 3

_NOTE_UNITS: Final = 300
_SHORT_NOTE_UNITS: Final = 120
_TOPIC_UNITS: Final = 80
_SOURCE_UNITS: Final = 900


@dataclass(frozen=True, slots=True)
class Composition:
    """What an answer says, part by part, as Markdown; a part that it does not have is empty."""

    question: str
    earlier: str
    only: str
    read_as: str
    verdict: str
    quotes: tuple[str, ...]
    closing: str

    def lines(self) -> list[str]:
        """All the parts there are, in their order."""
        parts = [self.question, self.earlier, self.only, self.read_as, self.verdict]
        return [part for part in (*parts, *self.quotes, self.closing) if part]


def compose(
    answer: Answer,
    limit: int,
    *,
    question_units: int,
    threshold: float,
    noted: bool,
    only: str = "",
    quiet: bool = False,
) -> Composition:
    """The texts of an answer, all together within ``limit`` units, line breaks between counted.

    Quotes are shortened fairly, and fewer are shown where each would be but a scrap.

    Args:
        question_units: A longer question is cut, so that room is left for a quote.
        threshold: The confidence from which the answerer counts a question as answered.
        noted: Say that the question was put on the list of those without an answer.
        only: Where alone an answer was looked for.
        quiet: Write links so that an ordinary message shows no preview of them.
    """
    question = bold_question(answer.question, question_units)
    note_units = _NOTE_UNITS if units(question) <= limit // 4 else _SHORT_NOTE_UNITS
    found = (answer.quotes if answer.answered else answer.nearest)[:MAX_QUOTES]
    frame = Composition(
        question=question,
        earlier=_earlier(answer, note_units),
        only=_only(only, note_units),
        read_as=_read_as(answer, note_units),
        verdict=_verdict(answer, threshold, has_nearest=bool(found)),
        quotes=(),
        closing="" if answer.answered else _closing(answer, noted=noted),
    )
    room = room_beside(limit, frame.lines())
    return Composition(
        frame.question,
        frame.earlier,
        frame.only,
        frame.read_as,
        frame.verdict,
        quotes_within(found, room, is_answer=answer.answered, quiet=quiet),
        frame.closing,
    )


def quotes_within(
    quotes: Sequence[Quote], room: int, *, is_answer: bool, quiet: bool = False
) -> tuple[str, ...]:
    """Quotes, each with its source, together within ``room`` units; as many as can be read."""
    label = "" if is_answer else small(t("Nearest passage, not an answer")) + "\n"
    least = units(label) + quoted.LEAST + sources.LEAST + len("\n\n")
    shown = quotes[: max(0, room // least)]
    if not shown:
        return ()
    each = room // len(shown) - units(label) - len("\n\n")
    source_units = min(_SOURCE_UNITS, max(sources.LEAST, (each - quoted.LEAST) * 2 // 3))
    cited = [sources.source_lines(quote, source_units, quiet=quiet) for quote in shown]
    left = room - sum(units(source) + units(label) + len("\n\n") for source in cited)
    shares = fair_shares([quoted.needed(quote) for quote in shown], left)
    return tuple(
        f"{label}{quoted.quoted(quote, share, bold=is_answer)}\n{source}"
        for quote, share, source in zip(shown, shares, cited, strict=True)
    )


def bold_question(question: str, limit: int) -> str:
    """A question as the bot shows it and reads it back; empty where it shows nothing.

    The character without width goes, as the one that the escaping sets could not be told from it.
    """
    shown = inline(question.replace(ZERO_WIDTH, ""), limit - len("****"))
    return f"**{shown}**" if one_line(question.replace(ZERO_WIDTH, "")) else ""


def _earlier(answer: Answer, limit: int) -> str:
    return earlier_line(answer.follows or "", limit)


def earlier_line(earlier: str, limit: int = _NOTE_UNITS) -> str:
    """With which question an answer was understood; empty where there is none."""
    # In bold, so that it can be told from the words around it in any language.
    question = bold_question(earlier, limit)
    if not question:
        return ""
    return small(t("Understood with your earlier question: “{question}”", question=question))


def _only(where: str, limit: int) -> str:
    shown = inline(where, limit)
    return small(t("Looked for only in: {where}", where=shown)) if shown else ""


def _read_as(answer: Answer, limit: int) -> str:
    question = inline(answer.read_as or "", limit)
    return small(t("Read as: “{question}”", question=question)) if question else ""


def _verdict(answer: Answer, threshold: float, *, has_nearest: bool) -> str:
    if answer.answered:
        words = confidence_words(answer.confidence, threshold)
        return small(words) if words else ""
    plainly = t("The articles do not answer that.")
    if not has_nearest:
        return plainly
    nearest = t("The nearest passages, which may be about something else:")
    return f"{plainly} {nearest}"


def _closing(answer: Answer, *, noted: bool) -> str:
    topics = [inline(topic, _TOPIC_UNITS) for topic in rephrasings(answer.question, answer)]
    lines = []
    if topics:
        lines.append(t("Ask about: {topics}", topics=beside_each_other(topics)))
    if noted:
        said = t("I put your question on this server’s list for those who add articles.")
        lines.append(small(said))
    return "\n".join(lines)
