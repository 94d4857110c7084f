"""What was said before, and what of it a question needs to be understood."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.answers import Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that was asked, and the words that were quoted for it, if any."""

    question: str
    quoted: str = ""

    @classmethod
    def of(cls, answer: Answer) -> Turn:
        """The turn that an answer makes: its question and its first highlight."""
        quote = next(iter(answer.quotes), None)
        if quote is None:
            return cls(answer.question)
        text = quote.article.text
        return cls(answer.question, " ".join(span.of(text) for span in quote.highlights))
